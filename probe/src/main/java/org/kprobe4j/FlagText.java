package org.kprobe4j;

/** Flags of processors as text. Source: arch/x86/include/uapi/asm/processor-flags.h and what the kernel's __show_regs() prints. */
final class FlagText {
    /** By bit; reserved bits have no name. */
    private static final String[] X86 = {
        "CF", "", "PF", "", "AF", "", "ZF", "SF", "TF", "IF", "DF", "OF", "", "", "NT", "", "RF", "VM", "AC", "VIF",
        "VIP", "ID"
    };

    private static final int X86_IOPL_SHIFT = 12;

    /** Source: PSR_* in arch/arm64/include/uapi/asm/ptrace.h. */
    private static final int PSR_UAO = 23;

    private static final int PSR_PAN = 22;
    private static final int PSR_TCO = 25;
    private static final int PSR_DIT = 24;
    private static final int PSR_SSBS = 12;
    private static final int PSR_BTYPE_SHIFT = 10;
    private static final int PSR_AARCH32 = 4;
    private static final String[] BTYPES = {"--", "jc", "-c", "j-"};

    /** Source: processor_modes in arch/arm/kernel/process.c. */
    private static final String[] ARM_MODES = {
        "USER_26", "FIQ_26", "IRQ_26", "SVC_26", "UK4_26", "UK5_26", "UK6_26", "UK7_26", "UK8_26", "UK9_26", "UK10_26",
        "UK11_26", "UK12_26", "UK13_26", "UK14_26", "UK15_26", "USER_32", "FIQ_32", "IRQ_32", "SVC_32", "UK4_32",
        "UK5_32", "MON_32", "ABT_32", "UK8_32", "UK9_32", "HYP_32", "UND_32", "UK12_32", "UK13_32", "UK14_32", "SYS_32"
    };

    private static final String[] ARM_ISAS = {"ARM", "Thumb", "Jazelle", "ThumbEE"};
    private static final int ARM_MODE_MASK = 0x1f;

    private FlagText() {}

    private static boolean isSet(long word, int bit) {
        return (word >>> bit & 1) != 0;
    }

    /** The letter, small where the bit is not set. */
    private static char letter(long word, int bit, char set) {
        return isSet(word, bit) ? set : Character.toLowerCase(set);
    }

    private static char sign(long word, int bit) {
        return isSet(word, bit) ? '+' : '-';
    }

    static String x86(long flags) {
        var text = new StringBuilder("[ ");
        for (int bit = 0; bit < X86.length; bit++) {
            if (isSet(flags, bit) && !X86[bit].isEmpty()) {
                text.append(X86[bit]).append(' ');
            }
        }
        long level = flags >>> X86_IOPL_SHIFT & 3;
        return (level == 0 ? text : text.append("IOPL=").append(level).append(' '))
                .append(']')
                .toString();
    }

    private static String conditions(long word) {
        return "%c%c%c%c"
                .formatted(letter(word, 31, 'N'), letter(word, 30, 'Z'), letter(word, 29, 'C'), letter(word, 28, 'V'));
    }

    /** As the kernel prints it behind the number. Source: print_pstate() in arch/arm64/kernel/process.c. */
    static String pstate(long pstate) {
        if (isSet(pstate, PSR_AARCH32)) {
            return "%s %c %s %s %c%c%c %cDIT %cSSBS"
                    .formatted(
                            conditions(pstate),
                            letter(pstate, 27, 'Q'),
                            isSet(pstate, 5) ? "T32" : "A32",
                            isSet(pstate, 9) ? "BE" : "LE",
                            letter(pstate, 8, 'A'),
                            letter(pstate, 7, 'I'),
                            letter(pstate, 6, 'F'),
                            sign(pstate, 21),
                            sign(pstate, 23));
        }
        return "%s %c%c%c%c %cPAN %cUAO %cTCO %cDIT %cSSBS BTYPE=%s"
                .formatted(
                        conditions(pstate),
                        letter(pstate, 9, 'D'),
                        letter(pstate, 8, 'A'),
                        letter(pstate, 7, 'I'),
                        letter(pstate, 6, 'F'),
                        sign(pstate, PSR_PAN),
                        sign(pstate, PSR_UAO),
                        sign(pstate, PSR_TCO),
                        sign(pstate, PSR_DIT),
                        sign(pstate, PSR_SSBS),
                        BTYPES[(int) (pstate >>> PSR_BTYPE_SHIFT & 3)]);
    }

    static String arm64(long pstate) {
        return isSet(pstate, PSR_AARCH32)
                ? pstate(pstate) + " AArch32"
                : "%s EL%d%c".formatted(pstate(pstate), pstate >>> 2 & 3, isSet(pstate, 0) ? 'h' : 't');
    }

    /** Source: __show_regs() in arch/arm/kernel/process.c. */
    static String arm(long cpsr) {
        return "%s IRQs o%s FIQs o%s Mode %s ISA %s".formatted((Object[]) armParts(cpsr));
    }

    /** Conditions, IRQs, FIQs, mode, instruction set. */
    static String[] armParts(long cpsr) {
        return new String[] {
            conditions(cpsr),
            isSet(cpsr, 7) ? "ff" : "n",
            isSet(cpsr, 6) ? "ff" : "n",
            ARM_MODES[(int) cpsr & ARM_MODE_MASK],
            ARM_ISAS[(isSet(cpsr, 24) ? 2 : 0) + (isSet(cpsr, 5) ? 1 : 0)]
        };
    }
}
