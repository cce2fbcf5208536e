package org.kprobe4j.compiler;

import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;

/**
 * What the compiler knows of a machine: where a kprobe's {@code struct pt_regs} keeps each register, and the calling
 * convention. A further architecture is one more row here.
 *
 * <p>Source: {@code arch/x86/include/asm/ptrace.h}, {@code arch/arm64/include/uapi/asm/ptrace.h}, {@code
 * arch/arm/include/uapi/asm/ptrace.h}.
 */
@SuppressWarnings("ImmutableEnumChecker") // the collections are never handed out for writing
public enum Architecture {
    /** 64-bit x86, System V calling convention. */
    X86_64("X86", 8, 8, "ip", "sp", "ax", List.of("di", "si", "dx", "cx", "r8", "r9")) {
        @Override
        Map<String, Integer> layout() {
            return words(
                    8, "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di",
                    "origAx", "ip", "cs", "flags", "sp", "ss");
        }
    },
    /** 64-bit Arm, AAPCS64. The return address is in {@code x30}. */
    ARM64("Arm64", 8, 0, "pc", "sp", "x0", List.of("x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7")) {
        @Override
        Map<String, Integer> layout() {
            Stream<String> general = IntStream.rangeClosed(0, 30).mapToObj(number -> "x" + number);
            return words(
                    8,
                    Stream.concat(general, Stream.of("sp", "pc", "pstate", "origX0", "syscallno"))
                            .toArray(String[]::new));
        }
    },
    /** 32-bit Arm, AAPCS. The return address is in {@code lr}. */
    ARM("Arm", 4, 0, "pc", "sp", "r0", List.of("r0", "r1", "r2", "r3")) {
        @Override
        Map<String, Integer> layout() {
            return words(
                    4, "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "fp", "r12", "sp", "lr", "pc",
                    "cpsr", "origR0");
        }
    };

    /**
     * What the return trampoline of 32-bit Arm takes of the stack for the registers that a return probe sees, of which r0 to fp are real.
     * Source: __kretprobe_trampoline in arch/arm/probes/kprobes/core.c, 16 words in each of its variants.
     */
    public static final int ARM_RETURN_REGISTERS_BYTES = 64;

    private final String registerSet;
    private final int wordBytes;
    private final int returnStackDelta;
    private final String ip;
    private final String sp;
    private final String returnValue;
    private final List<String> arguments;
    private final Map<String, Integer> offsets;

    Architecture(
            String registerSet,
            int wordBytes,
            int returnStackDelta,
            String ip,
            String sp,
            String returnValue,
            List<String> arguments) {
        this.registerSet = registerSet;
        this.wordBytes = wordBytes;
        this.returnStackDelta = returnStackDelta;
        this.ip = ip;
        this.sp = sp;
        this.returnValue = returnValue;
        this.arguments = arguments;
        this.offsets = layout();
    }

    abstract Map<String, Integer> layout();

    private static Map<String, Integer> words(int bytes, String... names) {
        var offsets = new LinkedHashMap<String, Integer>();
        for (String name : names) {
            offsets.put(name, offsets.size() * bytes);
        }
        return offsets;
    }

    /** Simple name of the nested type of {@code PtRegs} that describes this machine's registers.
     *
     * @return for example {@code X86}
     */
    public String registerSet() {
        return registerSet;
    }

    /** Size of a kernel {@code unsigned long} and of a pointer.
     *
     * @return bytes, 8 or 4
     */
    public int wordBytes() {
        return wordBytes;
    }

    /** Order of a number's bytes in memory.
     *
     * @return little endian on all machines of this table
     */
    public ByteOrder byteOrder() {
        return ByteOrder.LITTLE_ENDIAN;
    }

    /** How far the stack pointer at a function's return lies above the one at its entry.
     *
     * @return bytes: 8 where the call instruction pushes the return address, else 0
     */
    public int returnStackDelta() {
        return returnStackDelta;
    }

    /** Byte offset of a register in {@code struct pt_regs}.
     *
     * @param register name as the accessor of {@code PtRegs} spells it
     * @return the offset, or nothing for an unknown name
     */
    public Optional<Integer> offset(String register) {
        return Optional.ofNullable(offsets.get(register));
    }

    /** Size of a register in {@code struct pt_regs}.
     *
     * @param register name as the accessor of {@code PtRegs} spells it
     * @return bytes: a word, but for arm64's {@code s32 syscallno}
     */
    public int sizeBytes(String register) {
        return register.equals("syscallno") ? Integer.BYTES : wordBytes;
    }

    /** Register that holds the processor's flags.
     *
     * @return its name
     */
    public String flags() {
        return switch (this) {
            case X86_64 -> "flags";
            case ARM64 -> "pstate";
            case ARM -> "cpsr";
        };
    }

    /** All registers with their byte offsets in {@code struct pt_regs}.
     *
     * @return in the structure's order
     */
    public Map<String, Integer> registers() {
        return Collections.unmodifiableMap(offsets);
    }

    /** Register that holds the instruction pointer.
     *
     * @return its name
     */
    public String ip() {
        return ip;
    }

    /** Register that holds the stack pointer.
     *
     * @return its name
     */
    public String sp() {
        return sp;
    }

    /** Register that points to the caller's frame when a function begins, and when it has returned.
     *
     * @return its name
     */
    public String framePointer() {
        return switch (this) {
            case X86_64 -> "bp";
            case ARM64 -> "x29";
            case ARM -> "fp";
        };
    }

    /** Register that holds a function's return value.
     *
     * @return its name
     */
    public String returnValue() {
        return returnValue;
    }

    /** Register that holds an integer argument at a function's entry.
     *
     * @param index from 0
     * @return its name, or nothing where the argument is on the stack
     */
    public Optional<String> argument(int index) {
        return index >= 0 && index < arguments.size() ? Optional.of(arguments.get(index)) : Optional.empty();
    }

    /**
     * Which argument a register holds at a function's entry.
     *
     * @param register its name
     * @return from 0; nothing of a register that holds none
     */
    public OptionalInt argumentNumber(String register) {
        int number = arguments.indexOf(register);
        return number < 0 ? OptionalInt.empty() : OptionalInt.of(number);
    }

    /** Register that holds the return address at a function's entry.
     *
     * @return its name, or null where it is on the stack, at the stack pointer
     */
    public @Nullable String linkRegister() {
        return switch (this) {
            case X86_64 -> null;
            case ARM64 -> "x30";
            case ARM -> "lr";
        };
    }

    /**
     * The registers from which the kernel walks its own stack in a program. Source: perf_callchain_kernel() of each architecture; on
     * x86 the flags tell it whether the others are real, perf_hw_regs().
     *
     * @return their names
     */
    public List<String> stackWalkers() {
        return switch (this) {
            case X86_64 -> List.of("ip", "sp", "bp", "flags");
            case ARM64 -> List.of("pc", "sp", "x29", "x30");
            case ARM -> List.of("pc", "sp", "fp", "lr");
        };
    }

    /**
     * Compares this layout with the running kernel's own {@code struct pt_regs}, register by register, as far as its BTF names
     * them.
     *
     * @param btf the kernel's types
     * @return what differs, in words; nothing if all is where it is expected
     */
    public Optional<String> mismatch(Btf btf) {
        Optional<BtfType.Composite> registerFile = btf.struct("pt_regs");
        return registerFile.stream()
                .flatMap(file -> offsets.entrySet().stream()
                        .flatMap(register -> btf.field(file, kernelName(register.getKey())).stream()
                                .filter(field -> field.byteOffset() != register.getValue())
                                .map(field -> "struct pt_regs of this kernel has %s at byte %d, not %d"
                                        .formatted(field.name(), field.byteOffset(), register.getValue()))))
                .findFirst();
    }

    private static String kernelName(String register) {
        return KernelNames.snakeCase(register);
    }
}
