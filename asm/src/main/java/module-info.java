/** The eBPF instruction set and the BPF Type Format as Java records. Pure: no native access, no system calls. */
@org.jspecify.annotations.NullMarked
module org.kprobe4j.asm {
    requires static org.jspecify;

    exports org.kprobe4j.asm;
    exports org.kprobe4j.btf;
}
