/** Boots Debian kernels under QEMU's software emulation and runs commands and tests in them. Not published. */
@org.jspecify.annotations.NullMarked
module org.kprobe4j.lab {
    requires static org.jspecify;
    requires jdk.unsupported; // sun.misc.Signal: a Ctrl-C belongs to the command in the guest

    // For the test runner in the guest, which has the tests' class path; the rest of the lab needs the JDK only.
    requires static org.junit.platform.engine;
    requires static org.junit.platform.launcher;

    exports org.kprobe4j.lab;
    exports org.kprobe4j.lab.junit;
}
