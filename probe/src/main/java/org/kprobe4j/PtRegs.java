package org.kprobe4j;

/**
 * The registers at a probe. What every machine has is read by neutral names; a machine's own registers through a switch over
 * the register sets, which is decided when the handler is compiled:
 *
 * <pre>{@code
 * switch (regs) {
 *     case PtRegs.X86 r -> Kernel.printf("ip = %x, flags = 0x%x", r.ip(), r.flags());
 *     case PtRegs.Arm64 r -> Kernel.printf("pc = 0x%x, pstate = 0x%x", r.pc(), r.pstate());
 *     case PtRegs.Arm r -> Kernel.printf("pc = 0x%x, cpsr = 0x%x", r.pc(), r.cpsr());
 * }
 * }</pre>
 *
 * <p>All of them at once are a component of an event, of this type or of a machine's own: {@code ring.emit(new Hit(Kernel.ktimeNs(),
 * regs))}. A component of this type has room for every machine's registers, 296 bytes; {@code PtRegs.X86} takes 168, {@code Arm64}
 * 288, {@code Arm} 144. Outside handlers {@link #toString()} is the register dump that the kernel prints in an oops, and
 * {@link #flagNames()} says which flags are set. A handler prints both: {@code Kernel.printf("%s", regs)}.
 *
 * <p>Since kernel: 4.1. Source: struct pt_regs in arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h, arch/arm/include/asm/ptrace.h.
 */
public sealed interface PtRegs {
    /**
     * The instruction pointer.
     *
     * @return kernel address; at a pre handler what the kernel gives C handlers there: on x86 the probed address plus one
     */
    long ip();

    /**
     * The stack pointer.
     *
     * @return kernel address
     */
    long sp();

    /**
     * An integer or pointer argument of the function at whose entry the probe is.
     *
     * @param index from 0, a constant; as many as the machine passes in registers
     * @return its register
     */
    long arg(int index);

    /**
     * The arguments of the probed function by their names, in a pre handler at the function's first instruction and in an entry
     * handler.
     *
     * @param type an interface that names the parameters to read
     * @param <T> that interface
     * @return the arguments
     */
    default <T extends FunctionArguments> T args(Class<T> type) {
        SimulatedKernel kernel = SimulatedKernel.current();
        if (kernel == null) {
            throw SimulatedKernel.outside("args(" + type.getSimpleName() + ".class)");
        }
        return kernel.arguments(this, type);
    }

    /**
     * What the function returned, at a return probe: the whole register. Of a function that returns an int only the lower half means
     * something, so cast it: {@code (int) regs.returnValue()} is -2 where the register may say 4294967294.
     *
     * @return the register, as a signed number
     */
    long returnValue();

    /**
     * What the processor's flags say, for people: of {@code flags} on x86, {@code pstate} on arm64, {@code cpsr} on arm. In a handler
     * it is printed with {@code %s}: the number travels, the text is made in user space.
     *
     * @return as {@link X86#flagNames(long)}, {@link Arm64#flagNames(long)} or {@link Arm#flagNames(long)} writes them
     */
    String flagNames();

    /**
     * The dump of all registers that the kernel prints in an oops: {@code __show_regs()}. Addresses of code are named by the running
     * kernel's symbols, or by an open {@link SimulatedKernel}'s.
     *
     * @return lines
     */
    @Override
    String toString();

    /** What to say of an argument that the machine does not pass in a register. */
    static UsageException noArgument(int index, Class<? extends PtRegs> registers) {
        return new UsageException("arg(%d) is not in a register on %s; name the registers yourself or read the stack"
                .formatted(index, registers.getSimpleName()));
    }

    /**
     * 64-bit x86.
     *
     * @param r15 register
     * @param r14 register
     * @param r13 register
     * @param r12 register
     * @param bp register
     * @param bx register
     * @param r11 register
     * @param r10 register
     * @param r9 register
     * @param r8 register
     * @param ax register
     * @param cx register
     * @param dx register
     * @param si register
     * @param di register
     * @param origAx register
     * @param ip register
     * @param cs register
     * @param flags register
     * @param sp register
     * @param ss register
     */
    record X86(
            long r15,
            long r14,
            long r13,
            long r12,
            long bp,
            long bx,
            long r11,
            long r10,
            long r9,
            long r8,
            long ax,
            long cx,
            long dx,
            long si,
            long di,
            long origAx,
            long ip,
            long cs,
            long flags,
            long sp,
            long ss)
            implements PtRegs {
        @Override
        public long returnValue() {
            return ax;
        }

        @Override
        public long arg(int index) {
            return switch (index) {
                case 0 -> di;
                case 1 -> si;
                case 2 -> dx;
                case 3 -> cx;
                case 4 -> r8;
                case 5 -> r9;
                default -> throw noArgument(index, X86.class);
            };
        }

        @Override
        public String flagNames() {
            return flagNames(flags);
        }

        /**
         * The flags that are set, by the names of Intel's manual, lowest bit first, as gdb shows eflags; bit 1 is always set and has
         * no name.
         *
         * @param flags {@link #flags()}
         * @return for example {@code [ PF ZF IF ]}, with {@code IOPL=3} where the I/O privilege level is not 0
         */
        public static String flagNames(long flags) {
            return FlagText.x86(flags);
        }

        /** {@code RIP: 0010:vfs_read+0x1/0x3a0} and all other registers, as the kernel's {@code __show_regs()} prints them. */
        @Override
        public String toString() {
            return RegisterDump.of(this);
        }
    }

    /**
     * 64-bit Arm.
     *
     * @param x0 register
     * @param x1 register
     * @param x2 register
     * @param x3 register
     * @param x4 register
     * @param x5 register
     * @param x6 register
     * @param x7 register
     * @param x8 register
     * @param x9 register
     * @param x10 register
     * @param x11 register
     * @param x12 register
     * @param x13 register
     * @param x14 register
     * @param x15 register
     * @param x16 register
     * @param x17 register
     * @param x18 register
     * @param x19 register
     * @param x20 register
     * @param x21 register
     * @param x22 register
     * @param x23 register
     * @param x24 register
     * @param x25 register
     * @param x26 register
     * @param x27 register
     * @param x28 register
     * @param x29 register
     * @param x30 register
     * @param sp register
     * @param pc register
     * @param pstate register
     * @param origX0 {@code x0} at the system call's entry; means something only in registers of user space
     * @param syscallno number of the system call, -1 outside of one; means something only in registers of user space
     */
    record Arm64(
            long x0,
            long x1,
            long x2,
            long x3,
            long x4,
            long x5,
            long x6,
            long x7,
            long x8,
            long x9,
            long x10,
            long x11,
            long x12,
            long x13,
            long x14,
            long x15,
            long x16,
            long x17,
            long x18,
            long x19,
            long x20,
            long x21,
            long x22,
            long x23,
            long x24,
            long x25,
            long x26,
            long x27,
            long x28,
            long x29,
            long x30,
            long sp,
            long pc,
            long pstate,
            long origX0,
            int syscallno)
            implements PtRegs {
        /**
         * A general register by number.
         *
         * @param number from 0 to 30, a constant
         * @return its content
         */
        public long x(int number) {
            return switch (number) {
                case 0 -> x0;
                case 1 -> x1;
                case 2 -> x2;
                case 3 -> x3;
                case 4 -> x4;
                case 5 -> x5;
                case 6 -> x6;
                case 7 -> x7;
                case 8 -> x8;
                case 9 -> x9;
                case 10 -> x10;
                case 11 -> x11;
                case 12 -> x12;
                case 13 -> x13;
                case 14 -> x14;
                case 15 -> x15;
                case 16 -> x16;
                case 17 -> x17;
                case 18 -> x18;
                case 19 -> x19;
                case 20 -> x20;
                case 21 -> x21;
                case 22 -> x22;
                case 23 -> x23;
                case 24 -> x24;
                case 25 -> x25;
                case 26 -> x26;
                case 27 -> x27;
                case 28 -> x28;
                case 29 -> x29;
                case 30 -> x30;
                default -> throw new UsageException("Arm64 has no register x%d; it has x0 to x30".formatted(number));
            };
        }

        @Override
        public long ip() {
            return pc;
        }

        @Override
        public long returnValue() {
            return x0;
        }

        @Override
        public long arg(int index) {
            if (index < 0 || index > 7) {
                throw noArgument(index, Arm64.class);
            }
            return x(index);
        }

        @Override
        public String flagNames() {
            return flagNames(pstate);
        }

        /**
         * The condition flags and masks as the kernel prints them, upper case where the bit is set, then the exception level and
         * whose stack pointer it uses.
         *
         * @param pstate {@link #pstate()}
         * @return for example {@code nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=-- EL1h}
         */
        public static String flagNames(long pstate) {
            return FlagText.arm64(pstate);
        }

        /** {@code pstate: 60400005 (nZCv daif …)} and all other registers, as the kernel's {@code __show_regs()} prints them. */
        @Override
        public String toString() {
            return RegisterDump.of(this);
        }
    }

    /**
     * 32-bit Arm; each register holds 32 bits. What Arm's documents also call ip is {@code r12} here: the instruction pointer is
     * {@code pc}.
     *
     * @param r0 register
     * @param r1 register
     * @param r2 register
     * @param r3 register
     * @param r4 register
     * @param r5 register
     * @param r6 register
     * @param r7 register
     * @param r8 register
     * @param r9 register
     * @param r10 register
     * @param fp register
     * @param r12 register
     * @param sp register
     * @param lr register
     * @param pc register
     * @param cpsr register
     * @param origR0 register
     */
    record Arm(
            long r0,
            long r1,
            long r2,
            long r3,
            long r4,
            long r5,
            long r6,
            long r7,
            long r8,
            long r9,
            long r10,
            long fp,
            long r12,
            long sp,
            long lr,
            long pc,
            long cpsr,
            long origR0)
            implements PtRegs {
        /** Keeps of each register its 32 bits. */
        public Arm {
            r0 = Integer.toUnsignedLong((int) r0);
            r1 = Integer.toUnsignedLong((int) r1);
            r2 = Integer.toUnsignedLong((int) r2);
            r3 = Integer.toUnsignedLong((int) r3);
            r4 = Integer.toUnsignedLong((int) r4);
            r5 = Integer.toUnsignedLong((int) r5);
            r6 = Integer.toUnsignedLong((int) r6);
            r7 = Integer.toUnsignedLong((int) r7);
            r8 = Integer.toUnsignedLong((int) r8);
            r9 = Integer.toUnsignedLong((int) r9);
            r10 = Integer.toUnsignedLong((int) r10);
            fp = Integer.toUnsignedLong((int) fp);
            r12 = Integer.toUnsignedLong((int) r12);
            sp = Integer.toUnsignedLong((int) sp);
            lr = Integer.toUnsignedLong((int) lr);
            pc = Integer.toUnsignedLong((int) pc);
            cpsr = Integer.toUnsignedLong((int) cpsr);
            origR0 = Integer.toUnsignedLong((int) origR0);
        }

        @Override
        public long ip() {
            return pc;
        }

        /** Sign-extended, as {@link #arg} is. */
        @Override
        public long returnValue() {
            return (int) r0;
        }

        @Override
        public long arg(int index) {
            return switch (index) {
                case 0 -> (int) r0;
                case 1 -> (int) r1;
                case 2 -> (int) r2;
                case 3 -> (int) r3;
                default -> throw noArgument(index, Arm.class);
            };
        }

        @Override
        public String flagNames() {
            return flagNames(cpsr);
        }

        /**
         * The condition flags, upper case where the bit is set, and the state as the kernel prints it.
         *
         * @param cpsr {@link #cpsr()}
         * @return for example {@code nZCv IRQs on FIQs on Mode SVC_32 ISA ARM}
         */
        public static String flagNames(long cpsr) {
            return FlagText.arm(cpsr);
        }

        /** {@code PC is at vfs_read+0x0/0x3a0} and all other registers, as the kernel's {@code __show_regs()} prints them. */
        @Override
        public String toString() {
            return RegisterDump.of(this);
        }
    }
}
