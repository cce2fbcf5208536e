package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kprobe explain} as a user types it; each boots a VM. */
@Tag("lab")
class ExplainEndToEndTest {
    @TempDir
    Path folder;

    @Test
    void aFunctionIsPlantedByWhatHandlersDo() throws Exception {
        Launched.Ended run = Launched.run(folder, "explain", "--vm=6.12", "__x64_sys_getppid");
        assertThat(run.complaints()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out())
                .containsSequence(
                        "how it is planted, by what the handlers do:",
                        "  count, read nothing: fentry/fexit",
                        "  read registers: kprobe.multi",
                        "      not fentry/fexit: the handler reads register sp, and fentry and fexit programs see no registers",
                        "  read the return value: fentry/fexit",
                        "  entry and return, with data: fentry/fexit");
    }

    @Test
    void aProgramsHandlersArePlantedAtTheTarget() throws Exception {
        Launched.Ended run = Launched.run(
                folder,
                "explain",
                "--vm=6.12",
                "null_lseek",
                Repository.file("examples/KretprobeExample.java").toString());
        assertThat(run.complaints()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out())
                .containsSequence(
                        "how the program's handlers are planted:",
                        "  kretprobe: tracefs event",
                        "      not fentry/fexit: maxactive was set, which only a tracefs event takes");
    }

    @Test
    void aUsersOwnFileIsExplainedWithItsParameters() throws Exception {
        Path file = Files.writeString(folder.resolve("Own.java"), """
                import org.kprobe4j.*;

                void main(String[] args) {
                    var params = Args.of(args, "pid");
                    int pid = params.getInt("pid", 0);
                    try (var flags = Counter.of();
                            var kp = Kprobe.at("vfs_read")
                                    .preHandler((p, regs) -> {
                                        if (regs instanceof PtRegs.X86 x86 && Kernel.pid() == pid) {
                                            flags.add(x86.flags());
                                        }
                                        return 0;
                                    })
                                    .register()) {
                        params.await();
                    }
                }
                """);
        Launched.Ended run = Launched.run(folder, "explain", "--vm=6.12", "null_lseek", file.toString(), "pid=1");
        assertThat(run.complaints()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out())
                .containsSequence(
                        "how the program's handlers are planted:",
                        "  kprobe: kprobe.multi",
                        "      not fentry/fexit: the handler reads register flags, and fentry and fexit programs see no registers");
    }

    @Test
    void whatCannotBeProbedIsAnErrorAndItsStatus() throws Exception {
        Launched.Ended run = Launched.run(folder, "explain", "--vm=6.12", "vfs_read+0x3");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.complaints())
                .contains(
                        "kprobe: vfs_read+0x3: not an instruction boundary; nearest: vfs_read, vfs_read+0x4 (EILSEQ)");
    }
}
