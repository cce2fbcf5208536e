package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class VfsStatKernelTest {
    /** On tmpfs, which is no stack of file systems: READ 300, WRITE 57, FSYNC 9, OPEN 23, CREATE 3, UNLINK 3, MKDIR 4, RMDIR 4. */
    private static final String WORK = """
            use Fcntl; use POSIX ();
            $0 = "worker";
            my $buffer;
            for (1..20) { sysopen(my $f, "/dev/zero", O_RDONLY) or die; sysread($f, $buffer, 10) == 10 or die for 1..15; }
            for my $i (1..3) {
                sysopen(my $f, "/dev/shm/work$i", O_WRONLY | O_CREAT | O_EXCL) or die;
                syswrite($f, "x" x $i) == $i or die for 1..19;
                syscall(74, fileno($f)) == 0 or die for 1..3;
                unlink("/dev/shm/work$i") == 1 or die;
            }
            for my $i (1..4) { mkdir("/dev/shm/d$i") or die; }
            select(undef, undef, undef, 1.2);
            for my $i (1..4) { rmdir("/dev/shm/d$i") or die; }
            POSIX::_exit(0);
            """;

    @Test
    void countsWhatTheCommandDid() throws Exception {
        var run =
                Example.run("VfsStat", "comm=worker", "--", "perl", "-e", WORK).succeeded();
        assertThat(run.out().getFirst()).matches("TIME +READ +WRITE +FSYNC +OPEN +CREATE +UNLINK +MKDIR +RMDIR");
        List<List<String>> rows = Rows.of(run, 9);
        assertThat(rows).hasSizeGreaterThanOrEqualTo(2);
        long[] sums = new long[8];
        for (List<String> row : rows) {
            for (int i = 0; i < sums.length; i++) {
                sums[i] += Long.parseLong(row.get(i));
            }
        }
        assertThat(sums).containsExactly(300, 57, 9, 23, 3, 3, 4, 4);
    }
}
