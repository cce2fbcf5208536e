package org.kprobe4j.compiler;

import java.util.Optional;
import org.kprobe4j.btf.Btf;

/** The types of the kernel that will run a program; read only if a handler asks for structures. */
@FunctionalInterface
public interface KernelBtf {
    /**
     * The kernel's own types.
     *
     * @return nothing on a kernel without BTF
     */
    Optional<Btf> vmlinux();

    /**
     * The types of a module that defines a structure which the kernel itself does not have.
     *
     * @param struct name of the structure
     * @return split BTF on top of {@link #vmlinux()}; nothing if no loaded module has it
     */
    default Optional<Btf> moduleWith(String struct) {
        return Optional.empty();
    }

    /**
     * The types of the module that has a function.
     *
     * @param function its name
     * @return split BTF on top of {@link #vmlinux()}; nothing if no loaded module has it
     */
    default Optional<Btf> moduleWithFunction(String function) {
        return Optional.empty();
    }

    /**
     * The types by which programs may read the current task without a helper for each field: bpf_get_current_task_btf().
     *
     * @return {@link #vmlinux()} where the kernel has that helper; nothing else
     */
    default Optional<Btf> currentTask() {
        return Optional.empty();
    }

    /**
     * What is known of a structure on a kernel without BTF: fields whose place was found out otherwise.
     *
     * @param struct name of the structure
     * @return types that stand alone, with those fields only; nothing for a structure of which nothing is known
     */
    default Optional<Btf> measured(String struct) {
        return Optional.empty();
    }
}
