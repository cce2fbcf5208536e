/**
 * Compiles handlers: JVM bytecode in, eBPF out. Pure: its output is a function of its input, so it needs no kernel and no root.
 *
 * @since 0.1
 */
@org.jspecify.annotations.NullMarked
module org.kprobe4j.compiler {
    requires transitive org.kprobe4j.asm;
    requires static org.jspecify;

    exports org.kprobe4j.compiler;
}
