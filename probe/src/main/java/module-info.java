/**
 * Kernel probes for the JVM: the public API.
 *
 * @since 0.1
 */
@SuppressWarnings("module") // the command line is built later
@org.jspecify.annotations.NullMarked
module org.kprobe4j {
    requires org.kprobe4j.bpf;
    requires org.kprobe4j.compiler;
    requires static org.jspecify;

    exports org.kprobe4j;
    // It prepares quick starts by compiling handlers without a kernel.
    exports org.kprobe4j.internal to
            org.kprobe4j.cli;
    // It explains targets.
    exports org.kprobe4j.internal.targets to
            org.kprobe4j.cli;
}
