package org.kprobe4j.lab;

import java.util.List;
import java.util.stream.Collectors;

/**
 * One kernel that the lab can boot: a row of {@link #table()}.
 *
 * @param id the name users give it, for example {@code 6.12} or {@code 6.12-arm64}
 * @param version the kernel's version, two numbers
 * @param arch the architecture it is built for
 * @param suites the Debian suites it is looked for in; all must exist on the mirror
 * @param imagePackage the Debian package that depends on the newest image of this kernel
 * @param modules the modules the guest's boot needs where they are not built in, by file name without {@code .ko}
 */
public record KernelRow(
        String id, String version, Arch arch, List<String> suites, String imagePackage, List<String> modules) {

    private static final List<String> BOOT_MODULES = List.of("virtio_pci", "virtio_console", "virtiofs", "overlay");

    private static final List<KernelRow> TABLE = List.of(
            amd64("5.10", "bullseye", "bullseye-security"),
            amd64("6.1", "bookworm"),
            amd64("6.12", "trixie"),
            amd64("7.2", "sid"),
            arm("6.12", Arch.ARM64, "linux-image-cloud-arm64", "trixie"),
            arm("7.2", Arch.ARM64, "linux-image-cloud-arm64", "sid"),
            arm("6.12", Arch.ARMHF, "linux-image-armmp", "trixie"));

    /** Keeps its own copies of the lists. */
    public KernelRow {
        suites = List.copyOf(suites);
        modules = List.copyOf(modules);
    }

    private static KernelRow amd64(String version, String... suites) {
        return new KernelRow(version, version, Arch.AMD64, List.of(suites), "linux-image-cloud-amd64", BOOT_MODULES);
    }

    private static KernelRow arm(String version, Arch arch, String imagePackage, String suite) {
        String id = version + "-" + arch.debianName();
        return new KernelRow(id, version, arch, List.of(suite), imagePackage, BOOT_MODULES);
    }

    /**
     * All the rows, oldest kernel first.
     *
     * @return an immutable list
     */
    public static List<KernelRow> table() {
        return TABLE;
    }

    /**
     * The row used when none is named: the newest Debian stable kernel.
     *
     * @return the 6.12 row for x86-64
     */
    public static KernelRow standard() {
        return of("6.12");
    }

    /**
     * Looks a row up.
     *
     * @param id a row's name, for example {@code 6.12}
     * @return the row
     * @throws LabException if there is no such row; the message lists those there are
     */
    public static KernelRow of(String id) {
        return TABLE.stream().filter(row -> row.id.equals(id)).findFirst().orElseThrow(() -> {
            String known = TABLE.stream().map(KernelRow::id).collect(Collectors.joining(", "));
            return new LabException("lab: no kernel '" + id + "'; there are " + known);
        });
    }

    /**
     * Whether the guest's processor is another kind than this machine's: it cannot run this machine's programs and gets a root
     * directory and a Java runtime of its own.
     *
     * @return true for a row of another architecture
     */
    public boolean foreign() {
        return arch != Arch.host();
    }
}
