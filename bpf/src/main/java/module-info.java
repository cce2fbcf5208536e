/** The running kernel from Java: eBPF programs and maps, perf and tracefs probes, symbols, ring buffer, features. */
@org.jspecify.annotations.NullMarked
module org.kprobe4j.bpf {
    requires org.kprobe4j.asm;
    requires static org.jspecify;

    exports org.kprobe4j.bpf;
    exports org.kprobe4j.bpf.features;
    exports org.kprobe4j.bpf.log;
    exports org.kprobe4j.bpf.perf;
    exports org.kprobe4j.bpf.ringbuf;
    exports org.kprobe4j.bpf.symbols;
    exports org.kprobe4j.bpf.tracefs;
    exports org.kprobe4j.bpf.usersymbols;
}
