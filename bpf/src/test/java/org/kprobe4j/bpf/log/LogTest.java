package org.kprobe4j.bpf.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.LocalDateTime;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.PermissionException;
import org.kprobe4j.bpf.internal.FakeKernel;

class LogTest {
    private final FakeKernel kernel = new FakeKernel().file("/dev/kmsg", "");

    @Test
    void everyLineIsAWriteWithThePrefix() {
        try (KernelLog log = KernelLog.open(kernel, "<6>kprobe4j: ")) {
            log.line("one\ntwo");
            log.line("");
        }
        assertThat(kernel.writes)
                .containsExactly(
                        "/dev/kmsg <- <6>kprobe4j: one", "/dev/kmsg <- <6>kprobe4j: two", "/dev/kmsg <- <6>kprobe4j:");
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void longLineIsContinuedWithoutBreakingACharacter() {
        try (KernelLog log = KernelLog.open(kernel, "<6>")) {
            log.line("x" + "\u00e4".repeat(700));
        }
        assertThat(kernel.writes).hasSize(2);
        assertThat(kernel.writes.get(0)).endsWith("\u00e4").hasSize("/dev/kmsg <- <6>x".length() + 449);
        assertThat(String.join("", kernel.writes).chars().filter(c -> c == '\u00e4'))
                .hasSize(700);
    }

    @Test
    void missingRightIsSaid() {
        kernel.openErrors.put("/dev/kmsg", Errno.EACCES);
        assertThatThrownBy(() -> KernelLog.open(kernel, "<6>"))
                .isInstanceOf(PermissionException.class)
                .hasMessageStartingWith("open /dev/kmsg: ");
    }

    @Test
    void syslogMessageHasTheFormOfRfc3164() {
        try (Syslog syslog = Syslog.open(kernel, "kprobe4j")) {
            assertThat(syslog.message(6, LocalDateTime.of(2026, 10, 3, 8, 5, 9), "hello"))
                    .isEqualTo("<14>Oct  3 08:05:09 kprobe4j[42]: hello");
            syslog.send(3, "a\nb");
            assertThat(kernel.writes).hasSize(2).allMatch(line -> line.startsWith("socket <- <11>"));
        }
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void missingDaemonIsSaid() {
        kernel.onConnect = () -> -Errno.ENOENT;
        assertThatThrownBy(() -> Syslog.open(kernel, "kprobe4j"))
                .hasMessage("connect to /dev/log: no syslog daemon listens (ENOENT); "
                        + "start rsyslog or systemd-journald, or write to the kernel log");
        assertThat(kernel.openNow()).isEmpty();
    }
}
