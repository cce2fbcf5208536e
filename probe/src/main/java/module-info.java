/**
 * Kernel probes for the JVM: the public API.
 *
 * @since 0.1
 */
@org.jspecify.annotations.NullMarked
module org.kprobe4j {
    requires org.kprobe4j.bpf;
    requires org.kprobe4j.compiler;
    requires static org.jspecify;

    exports org.kprobe4j;
}
