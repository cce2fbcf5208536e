package org.kprobe4j.lab;

/** A processor architecture, with what Debian and QEMU call it. */
public enum Arch {
    /** x86-64. */
    AMD64("amd64", "qemu-system-x86", "qemu-system-x86_64", "pc", "max", "ttyS0"),
    /** AArch64. */
    ARM64("arm64", "qemu-system-arm", "qemu-system-aarch64", "virt", "cortex-a57", "ttyAMA0"),
    /** 32-bit ARM with hardware floating point. */
    ARMHF("armhf", "qemu-system-arm", "qemu-system-arm", "virt,highmem=off", "cortex-a15", "ttyAMA0");

    private final String debianName;
    private final String qemuPackage;
    private final String qemuBinary;
    private final String machine;
    private final String cpu;
    private final String console;

    Arch(String debianName, String qemuPackage, String qemuBinary, String machine, String cpu, String console) {
        this.debianName = debianName;
        this.qemuPackage = qemuPackage;
        this.qemuBinary = qemuBinary;
        this.machine = machine;
        this.cpu = cpu;
        this.console = console;
    }

    /** Where Debian puts this architecture's Java runtime of a version, below the root directory. */
    String javaHome(int version) {
        return "usr/lib/jvm/java-%d-openjdk-%s".formatted(version, debianName);
    }

    /**
     * Debian's name of the architecture.
     *
     * @return for example {@code amd64}
     */
    public String debianName() {
        return debianName;
    }

    String qemuPackage() {
        return qemuPackage;
    }

    String qemuBinary() {
        return qemuBinary;
    }

    String machine() {
        return machine;
    }

    String cpu() {
        return cpu;
    }

    String console() {
        return console;
    }

    /** The architecture of the machine this JVM runs on. */
    static Arch host() {
        return switch (System.getProperty("os.arch")) {
            case "amd64", "x86_64" -> AMD64;
            case "aarch64" -> ARM64;
            case "arm" -> ARMHF;
            case String other ->
                throw new LabException(
                        "lab: no emulator is known for a machine of architecture " + other + "; use an x86-64 machine");
        };
    }
}
