/**
 * The command {@code kprobe}. Start {@link org.kprobe4j.cli.KprobeMain} for the command line, {@link org.kprobe4j.cli.RunMain} for a
 * program that is compiled already.
 */
@org.jspecify.annotations.NullMarked
module org.kprobe4j.cli {
    requires org.kprobe4j;
    requires org.kprobe4j.asm;
    requires org.kprobe4j.bpf;
    requires org.kprobe4j.compiler;
    requires com.fasterxml.jackson.core;
    requires info.picocli;
    requires java.compiler;
    requires jdk.compiler;
    requires jdk.jfr;
    requires org.openjdk.jmc.flightrecorder.writer;
    requires static org.jspecify;

    // Only a run in a VM needs it; VmRun is the one class that names it.
    requires static org.kprobe4j.lab;

    exports org.kprobe4j.cli;

    opens org.kprobe4j.cli to
            info.picocli;
    // Handlers are found by their lambdas, options by their annotations.
    opens org.kprobe4j.cli.tool to
            info.picocli,
            org.kprobe4j;
    opens org.kprobe4j.cli.trace to
            info.picocli,
            org.kprobe4j;
}
