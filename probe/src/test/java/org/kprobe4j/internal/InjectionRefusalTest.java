package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.symbols.InjectableFunction;
import org.kprobe4j.compiler.CompiledProgram;

class InjectionRefusalTest {
    private static final CompiledProgram OVERRIDING =
            program(List.of(new CompiledProgram.FaultSite("Fail.java", 12, CompiledProgram.OVERRIDDEN, false)));
    private static final CompiledProgram OTHER = program(List.of());

    private static CompiledProgram program(List<CompiledProgram.FaultSite> sites) {
        return new CompiledProgram(
                Assembler.assemble(List.of(new Instruction.Exit())), List.of(), 8, 0, sites, List.of(), Set.of());
    }

    /** A kernel that can do it. */
    private static class Able implements InjectionRefusal.Asked {
        @Override
        public Answer hasHelper() {
            return new Answer(Answer.Verdict.YES, "loaded");
        }

        @Override
        public String release() {
            return "6.12.48-cloud-amd64";
        }

        @Override
        public List<InjectableFunction> functions() {
            return List.of(
                    new InjectableFunction("should_failslab", null, "ERRNO"),
                    new InjectableFunction("__do_sys_getppid", null, "ERRNO"),
                    new InjectableFunction("open_ctree", "btrfs", "ERRNO"));
        }

        @Override
        public long[] addressesOf(String name) {
            return Map.of(
                            "__do_sys_getppid",
                            new long[] {8},
                            "__x64_sys_getppid",
                            new long[] {8},
                            "sys_read",
                            new long[] {16})
                    .getOrDefault(name, new long[0]);
        }
    }

    private static Optional<String> reason(String target, InjectionRefusal.Asked kernel) {
        return InjectionRefusal.find(new Target(target, 0), OVERRIDING, kernel).map(InjectionRefusal::reason);
    }

    @Test
    void what_is_on_the_list_may_fail() {
        assertThat(reason("should_failslab", new Able())).isEmpty();
        assertThat(reason("open_ctree", new Able())).isEmpty();
        assertThat(reason("__x64_sys_getppid", new Able())).isEmpty();
    }

    @Test
    void what_is_not_on_the_list_is_refused_before_the_kernel_is_asked() {
        assertThat(InjectionRefusal.find(new Target("should_failslap", 0), OVERRIDING, new Able()))
                .hasValue(
                        new InjectionRefusal(
                                Errno.EINVAL,
                                "not one of the 3 functions that the kernel allows errors to be injected into (debugfs error_injection/list); nearest: should_failslab"));
        assertThat(reason("sys_read", new Able()))
                .hasValue(
                        "not one of the 3 functions that the kernel allows errors to be injected into (debugfs error_injection/list)");
    }

    @Test
    void a_place_inside_a_function_is_refused() {
        assertThat(InjectionRefusal.find(new Target("should_failslab", 0x4), OVERRIDING, new Able()))
                .hasValue(
                        new InjectionRefusal(
                                Errno.EINVAL,
                                "only at its entry can a function be made to return without having run: Kprobe.at(\"should_failslab\")"));
    }

    @Test
    void a_kernel_without_the_helper_is_said_with_the_line() {
        var unable = new Able() {
            @Override
            public Answer hasHelper() {
                return new Answer(Answer.Verdict.NO, "unknown func");
            }
        };
        assertThat(InjectionRefusal.find(new Target("should_failslab", 0), OVERRIDING, unable))
                .hasValue(
                        new InjectionRefusal(
                                Errno.EOPNOTSUPP,
                                "Fail.java:12 calls Kernel.overrideReturn, and this kernel, 6.12.48-cloud-amd64, was built without it: CONFIG_BPF_KPROBE_OVERRIDE, which needs CONFIG_FUNCTION_ERROR_INJECTION; boot one that has both, or leave the call out"));
        assertThat(InjectionRefusal.find(new Target("vfs_read", 4), OTHER, unable))
                .isEmpty();
    }

    @Test
    void without_the_list_the_kernel_decides() {
        var blind = new Able() {
            @Override
            public List<InjectableFunction> functions() {
                throw new UnsupportedException(Failure.of("read", "list", Errno.ENOENT));
            }
        };
        assertThat(reason("vfs_read", blind)).isEmpty();
        var answer = new AttachException(Failure.of("attach", "vfs_read", Errno.EINVAL));
        assertThat(InjectionRefusal.refused(OVERRIDING, answer))
                .hasValue(
                        new InjectionRefusal(
                                Errno.EINVAL,
                                "the kernel allows no errors to be injected there; which functions allow it, debugfs error_injection/list tells to root"));
        assertThat(InjectionRefusal.refused(OTHER, answer)).isEmpty();
    }
}
