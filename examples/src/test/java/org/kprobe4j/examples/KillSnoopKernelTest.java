package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class KillSnoopKernelTest {
    /** Sends signals by kill, tkill (200) and tgkill (234) of x86-64; says which pids it had. */
    private static final String SENDS = """
            $0 = "sender";
            $SIG{USR1} = $SIG{USR2} = $SIG{CONT} = sub {};
            my $child = fork() // die;
            if (!$child) { $0 = "target"; sleep 60; exit; }
            syscall(39) == $$ or die;
            print "PIDS $$ $child\\n";
            kill("USR1", $$) == 1 or die;
            kill(0, $$) == 1 or die;
            kill("TERM", 4194304) == 0 or die;
            kill(99, $$) == 0 or die;
            syscall(200, $$ + 0, 12) == 0 or die;
            syscall(234, $$ + 0, $$ + 0, 18) == 0 or die;
            syscall(234, $child + 0, $$ + 0, 18) == -1 or die;
            kill("KILL", $child) == 1 or die;
            waitpid($child, 0);
            """;

    @Test
    void showsEverySignalWithItsResult() throws Exception {
        var run = Example.run("KillSnoop", "comm=sender", "--", "perl", "-e", SENDS)
                .succeeded();
        String[] pids = run.matching("PIDS .*").findFirst().orElseThrow().split(" ");
        String self = pids[1];
        String child = pids[2];
        assertThat(Rows.of(run, 6))
                .containsExactly(
                        List.of(self, "sender", "SIGUSR1", self, "0"),
                        List.of(self, "sender", "NONE", self, "0"),
                        List.of(self, "sender", "SIGTERM", "4194304", "ESRCH"),
                        List.of(self, "sender", "99", self, "EINVAL"),
                        List.of(self, "sender", "SIGUSR2", self, "0"),
                        List.of(self, "sender", "SIGCONT", self, "0"),
                        List.of(self, "sender", "SIGCONT", self, "ESRCH"),
                        List.of(self, "sender", "SIGKILL", child, "0"));
    }

    @Test
    void showsFailuresOfOneSignal() throws Exception {
        var run = Example.run("KillSnoop", "comm=sender", "signal=18", "failed=true", "--", "perl", "-e", SENDS)
                .succeeded();
        assertThat(Rows.of(run, 6)).extracting(List::getLast).containsExactly("ESRCH");
    }
}
