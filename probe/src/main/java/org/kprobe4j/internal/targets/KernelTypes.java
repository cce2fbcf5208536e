package org.kprobe4j.internal.targets;

import java.util.List;
import java.util.Optional;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.internal.Machine;

/** The types of a kernel and of its modules, read when they are asked for. */
interface KernelTypes {
    /** The kernel's own; nothing without CONFIG_DEBUG_INFO_BTF. */
    Optional<Btf> kernel();

    /** The modules that have types. Since kernel: 5.11. */
    List<String> modules();

    /** A module's types on top of the kernel's. */
    Optional<Btf> module(String name);

    /** Those of the running kernel. */
    static KernelTypes running() {
        return new KernelTypes() {
            @Override
            public Optional<Btf> kernel() {
                return Machine.btf();
            }

            @Override
            public List<String> modules() {
                return Machine.modulesWithTypes();
            }

            @Override
            public Optional<Btf> module(String name) {
                return Machine.moduleTypes(name);
            }
        };
    }
}
