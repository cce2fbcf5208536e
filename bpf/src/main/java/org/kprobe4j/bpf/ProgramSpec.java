package org.kprobe4j.bpf;

import org.jspecify.annotations.Nullable;

/**
 * What a program is to be: made with {@link #builder}.
 *
 * <p>Instructions and infos are taken as they are, not copied: do not change the arrays.
 */
public final class ProgramSpec {
    /** Size of an instruction, in bytes. */
    public static final int INSN_BYTES = 8;

    /** Load flag: the program may sleep; a SYSCALL program must have it. Since kernel: 5.10. */
    public static final int SLEEPABLE = 1 << 4;

    private final Builder from;

    private ProgramSpec(Builder from) {
        this.from = from;
    }

    /**
     * Starts a spec.
     *
     * @param type the program's type
     * @param name shown by bpftool and in errors; the kernel gets its first 15 characters
     * @param insns the instructions, 8 bytes each, with map descriptors already filled in
     * @return the builder
     */
    public static Builder builder(ProgramType type, String name, byte[] insns) {
        return new Builder(type, name, insns);
    }

    /**
     * The type.
     *
     * @return the program's type
     */
    public ProgramType type() {
        return from.type;
    }

    /**
     * The name.
     *
     * @return as given, not cut
     */
    public String name() {
        return from.name;
    }

    /**
     * The instructions.
     *
     * @return 8 bytes each, not a copy
     */
    public byte[] insns() {
        return from.insns;
    }

    /**
     * The licence.
     *
     * @return as given; {@code GPL} unless said otherwise
     */
    public String license() {
        return from.license;
    }

    int kernVersion() {
        return from.kernVersion;
    }

    int flags() {
        return from.flags;
    }

    @Nullable
    BpfBtf btf() {
        return from.btf;
    }

    Records funcInfo() {
        return from.funcInfo;
    }

    Records lineInfo() {
        return from.lineInfo;
    }

    AttachType expectedAttachType() {
        return from.expectedAttachType;
    }

    int attachBtfId() {
        return from.attachBtfId;
    }

    int attachBtfObjectFd() {
        return from.attachBtfObjectFd;
    }

    int logLevel() {
        return from.logLevel;
    }

    /** An array of C structures of one size. */
    static final class Records {
        static final Records NONE = new Records(new byte[0], 0);

        private final byte[] bytes;
        private final int recordSizeBytes;

        Records(byte[] bytes, int recordSizeBytes) {
            this.bytes = bytes;
            this.recordSizeBytes = recordSizeBytes;
        }

        byte[] bytes() {
            return bytes;
        }

        int recordSizeBytes() {
            return recordSizeBytes;
        }

        int count() {
            return recordSizeBytes == 0 ? 0 : bytes.length / recordSizeBytes;
        }
    }

    /** Collects what a program is to be. */
    public static final class Builder {
        private final ProgramType type;
        private final String name;
        private final byte[] insns;
        private String license = "GPL";
        private int kernVersion;
        private int flags;
        private @Nullable BpfBtf btf;
        private Records funcInfo = Records.NONE;
        private Records lineInfo = Records.NONE;
        private AttachType expectedAttachType = AttachType.NONE;
        private int attachBtfId;
        private int attachBtfObjectFd;
        private int logLevel;

        private Builder(ProgramType type, String name, byte[] insns) {
            this.type = type;
            this.name = name;
            this.insns = insns;
            if (insns.length == 0 || insns.length % INSN_BYTES != 0) {
                throw new IllegalArgumentException(
                        "program %s: %d bytes are not instructions of 8 bytes".formatted(name, insns.length));
            }
        }

        /**
         * Sets the licence; some helpers are only for programs under a GPL-compatible one.
         *
         * @param value such as {@code GPL} or {@code Dual BSD/GPL}
         * @return this
         */
        public Builder license(String value) {
            license = value;
            return this;
        }

        /**
         * Sets the kernel version that kprobe programs had to name before kernel 5.0.
         *
         * @param value {@code KERNEL_VERSION(a, b, c)}
         * @return this
         */
        public Builder kernVersion(int value) {
            kernVersion = value;
            return this;
        }

        /**
         * Sets the flags.
         *
         * @param value {@code BPF_F_*} of BPF_PROG_LOAD, such as {@link ProgramSpec#SLEEPABLE}
         * @return this
         */
        public Builder flags(int value) {
            flags = value;
            return this;
        }

        /**
         * Sets the types that functions and lines refer to.
         *
         * @param value loaded BTF; must stay open until the program is loaded
         * @return this
         */
        public Builder btf(BpfBtf value) {
            btf = value;
            return this;
        }

        /**
         * Sets the functions' types.
         *
         * @param value {@code struct bpf_func_info[]}
         * @param recordSizeBytes size of one, normally 8
         * @return this
         */
        public Builder funcInfo(byte[] value, int recordSizeBytes) {
            funcInfo = new Records(value, recordSizeBytes);
            return this;
        }

        /**
         * Sets the source lines.
         *
         * @param value {@code struct bpf_line_info[]}
         * @param recordSizeBytes size of one, normally 16
         * @return this
         */
        public Builder lineInfo(byte[] value, int recordSizeBytes) {
            lineInfo = new Records(value, recordSizeBytes);
            return this;
        }

        /**
         * Sets where the program is going to be attached.
         *
         * @param value such as {@link AttachType#TRACE_FENTRY}
         * @return this
         */
        public Builder expectedAttachType(AttachType value) {
            expectedAttachType = value;
            return this;
        }

        /**
         * Sets the function, for {@link ProgramType#TRACING}.
         *
         * @param value its id in the BTF of vmlinux or of the module
         * @return this
         */
        public Builder attachBtfId(int value) {
            attachBtfId = value;
            return this;
        }

        /**
         * Sets the module that the function is in. Since kernel: 5.11.
         *
         * @param value descriptor of the module's BTF; 0 is vmlinux
         * @return this
         */
        public Builder attachBtfObjectFd(int value) {
            attachBtfObjectFd = value;
            return this;
        }

        /**
         * Asks for the log also of a program that is accepted; see {@link BpfProgram#log}.
         *
         * @param value 1 for the log, 2 for every step, plus 4 for statistics; 0 for none
         * @return this
         */
        public Builder logLevel(int value) {
            logLevel = value;
            return this;
        }

        /**
         * Ends.
         *
         * @return the spec
         */
        public ProgramSpec build() {
            Builder copy = new Builder(type, name, insns);
            copy.license = license;
            copy.kernVersion = kernVersion;
            copy.flags = flags;
            copy.btf = btf;
            copy.funcInfo = funcInfo;
            copy.lineInfo = lineInfo;
            copy.expectedAttachType = expectedAttachType;
            copy.attachBtfId = attachBtfId;
            copy.attachBtfObjectFd = attachBtfObjectFd;
            copy.logLevel = logLevel;
            return new ProgramSpec(copy);
        }
    }
}
