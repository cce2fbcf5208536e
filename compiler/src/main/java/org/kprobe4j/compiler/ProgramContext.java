package org.kprobe4j.compiler;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What the kernel hands to a program in r1, by the way in which it is attached. */
public sealed interface ProgramContext {
    /** Why a program needs a {@code struct pt_regs}, in words for {@link Trampoline#refusal}. */
    String NO_REGISTERS = "fentry and fexit programs see no registers";

    /**
     * The same for programs of a machine: what makes no difference there is left out.
     *
     * @param machine whose registers
     * @return the context that stands for it
     */
    default ProgramContext on(Architecture machine) {
        return this;
    }

    /**
     * A {@code struct pt_regs}: kprobes, kretprobes, and links of kprobe.multi.
     *
     * @param ip the instruction pointer that a kprobe at the place shows, where the context holds another; nothing where it is the
     *     context's own
     * @param byLink whether ftrace made it. That of 64-bit Arm leaves the stack pointer unset when a function has returned; the frame
     *     pointer is the caller's at both ends. Source: return_to_handler in arch/arm64/kernel/entry-ftrace.S
     */
    record Registers(OptionalLong ip, boolean byLink) implements ProgramContext {
        /** The context's own registers. */
        public static final Registers OWN = new Registers(OptionalLong.empty(), false);

        /** Those of a link. */
        public static final Registers LINK = new Registers(OptionalLong.empty(), true);

        /** Those of a link whose instruction pointer is known. */
        public static Registers link(long ip) {
            return new Registers(OptionalLong.of(ip), true);
        }

        @Override
        public ProgramContext on(Architecture machine) {
            return byLink && machine != Architecture.ARM64 ? new Registers(ip, false) : this;
        }
    }

    /**
     * The function's arguments as an array of u64, and behind them, at its return, what it returned: fentry and fexit programs. The
     * arguments are still there when the function returns. Since kernel: 5.5. Source: btf_ctx_access() in kernel/bpf/btf.c.
     *
     * @param parameters in the order of the prototype
     * @param result what it returns, a whole register; nothing of {@code void}
     */
    record Trampoline(List<Slot> parameters, Optional<Slot> result) implements ProgramContext {
        /** Copies the list. */
        public Trampoline {
            parameters = List.copyOf(parameters);
        }

        /**
         * A word of the array.
         *
         * @param name the parameter's
         * @param bytes how much of its register the word has: what lies above is not defined
         * @param pointer whether the verifier knows it as a pointer
         */
        public record Slot(String name, int bytes, boolean pointer) {}

        /**
         * Where the array holds what a program would read of its registers.
         *
         * @param machine whose registers
         * @param atReturn whether the function has returned
         * @param register name of the register
         * @param bytes how much of it is read
         * @return the word's number; nothing if the array does not hold it
         */
        public Optional<Integer> slot(Architecture machine, boolean atReturn, String register, int bytes) {
            if (atReturn) {
                return result.filter(_ -> register.equals(machine.returnValue()))
                        .map(_ -> parameters.size());
            }
            for (int i = 0; i < parameters.size(); i++) {
                if (machine.argument(i).filter(register::equals).isPresent()) {
                    return bytes <= parameters.get(i).bytes() ? Optional.of(i) : Optional.empty();
                }
            }
            return Optional.empty();
        }

        /**
         * Why a program cannot do with the array.
         *
         * @param machine whose registers
         * @param atReturn whether the function has returned
         * @param register name of the register that it reads
         * @param bytes how much of it
         * @return the reason; nothing if the array holds it
         */
        public Optional<String> refusal(Architecture machine, boolean atReturn, String register, int bytes) {
            if (slot(machine, atReturn, register, bytes).isPresent()) {
                return Optional.empty();
            }
            if (atReturn && register.equals(machine.returnValue())) {
                return Optional.of("the handler reads the return register, and the function returns nothing (void)");
            }
            for (int i = 0; i < parameters.size() && !atReturn; i++) {
                if (machine.argument(i).filter(register::equals).isPresent()) {
                    return Optional.of(
                            "the handler reads %d bytes of register %s, of which the trampoline has the parameter's %d (%s; all since Linux 6.6)"
                                    .formatted(
                                            bytes,
                                            register,
                                            parameters.get(i).bytes(),
                                            parameters.get(i).name()));
                }
            }
            return Optional.of("the handler reads register " + register + ", and " + NO_REGISTERS);
        }
    }
}
