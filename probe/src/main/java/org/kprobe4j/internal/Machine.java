package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.compiler.Architecture;

/** The running machine as a compile target: its architecture and its kernel's types. */
public final class Machine {
    private static final Path VMLINUX_BTF = Path.of("/sys/kernel/btf/vmlinux");

    private static boolean read;
    private static Optional<Btf> btf = Optional.empty();

    private Machine() {}

    /**
     * The architecture.
     *
     * @throws IllegalStateException on one that has no row in {@link Architecture}
     */
    public static Architecture architecture() {
        String name = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return switch (name) {
            case "amd64", "x86_64" -> Architecture.X86_64;
            case "aarch64" -> Architecture.ARM64;
            case "arm" -> Architecture.ARM;
            default ->
                throw new IllegalStateException(
                        "kprobe4j does not know the architecture %s; it knows x86-64, arm64 and arm".formatted(name));
        };
    }

    /** The kernel's types, read when they are first asked for; nothing on a kernel without CONFIG_DEBUG_INFO_BTF. */
    public static synchronized Optional<Btf> btf() {
        if (!read) {
            read = true;
            btf = readBtf();
        }
        return btf;
    }

    private static Optional<Btf> readBtf() {
        if (!Files.isReadable(VMLINUX_BTF)) {
            return Optional.empty();
        }
        try (FileChannel channel = FileChannel.open(VMLINUX_BTF)) {
            // sysfs files cannot be mapped before 6.16; off the heap, so that the garbage collector never copies it.
            var bytes = java.nio.ByteBuffer.allocateDirect((int) channel.size());
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // Reads as much as the kernel gives at a time.
            }
            return Optional.of(Btf.parse(bytes.flip()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
