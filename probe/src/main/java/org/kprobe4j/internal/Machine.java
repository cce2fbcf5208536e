package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.KernelBtf;

/** The running machine as a compile target: its architecture and its kernel's types. */
public final class Machine {
    private static final Path BTF_FOLDER = Path.of("/sys/kernel/btf");
    private static final Path VMLINUX_BTF = BTF_FOLDER.resolve("vmlinux");

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
    public static Optional<Btf> btf() {
        try (var _ = Timing.of(Timing.Phase.BTF)) {
            return types();
        }
    }

    private static synchronized Optional<Btf> types() {
        if (!read) {
            btf = readBtf();
            read = true;
        }
        return btf;
    }

    /**
     * Starts to read the kernel's types in the background: some megabytes, which a handler that reads structures will ask for when
     * it is compiled, after the kernel was busy planting its probe.
     */
    public static void readTypesAhead() {
        var reader = new Thread(
                () -> {
                    try {
                        var _ = btf();
                    } catch (RuntimeException e) {
                        // The same failure meets the compiler, which tells it with the handler's line.
                    }
                },
                "btf-reader");
        reader.setDaemon(true);
        reader.start();
    }

    /** The kernel's types and its modules', as the compiler asks for them. */
    public static final KernelBtf TYPES = new KernelBtf() {
        @Override
        public Optional<Btf> vmlinux() {
            return btf();
        }

        @Override
        public Optional<Btf> moduleWith(String struct) {
            return module(types -> types.struct(struct).isPresent());
        }

        @Override
        public Optional<Btf> moduleWithFunction(String function) {
            return module(types -> types.function(function).isPresent());
        }

        @Override
        public Optional<Btf> currentTask() {
            return Features.running()
                            .helper(ProgramType.KPROBE, Helper.GET_CURRENT_TASK_BTF.id())
                            .isYes()
                    ? btf()
                    : Optional.empty();
        }

        @Override
        public Optional<Btf> measured(String struct) {
            return MeasuredTypes.of(struct);
        }

        private Optional<Btf> module(Predicate<Btf> wanted) {
            return btf().flatMap(kernel -> Machine.module(kernel, wanted));
        }
    };

    /**
     * Checked against what the compiler believes about the registers: a wrong offset would show wrong values.
     *
     * @throws IllegalArgumentException if this kernel's registers lie elsewhere
     */
    private static Optional<Btf> readBtf() {
        Optional<Btf> types = read(VMLINUX_BTF).map(Btf::parse);
        types.flatMap(architecture()::mismatch).ifPresent(difference -> {
            throw new IllegalArgumentException(difference + "; kprobe4j does not know this kernel");
        });
        return types;
    }

    /** Modules are few and their types small; they are read only for what the kernel itself does not have. */
    private static Optional<Btf> module(Btf kernel, Predicate<Btf> wanted) {
        try (Stream<Path> files = Files.list(BTF_FOLDER)) {
            return files.filter(file -> !file.equals(VMLINUX_BTF))
                    .flatMap(file -> read(file).stream())
                    .map(bytes -> Btf.parseSplit(bytes, kernel))
                    .filter(wanted)
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The modules whose types the kernel shows. Since kernel: 5.11. */
    public static List<String> modulesWithTypes() {
        try (Stream<Path> files = Files.list(BTF_FOLDER)) {
            return files.filter(file -> !file.equals(VMLINUX_BTF))
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** A module's types on top of the kernel's; nothing if it has none. */
    public static Optional<Btf> moduleTypes(String name) {
        return btf().flatMap(kernel -> read(BTF_FOLDER.resolve(name)).map(bytes -> Btf.parseSplit(bytes, kernel)));
    }

    private static Optional<ByteBuffer> read(Path file) {
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return Optional.of(mapped(channel));
        } catch (IOException e) {
            return copied(file);
        }
    }

    /** The kernel's own memory. Since kernel: 6.16 for vmlinux. */
    private static ByteBuffer mapped(FileChannel channel) throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }

    /** Off the heap, so that the garbage collector never copies it. */
    private static Optional<ByteBuffer> copied(Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer bytes = ByteBuffer.allocateDirect((int) channel.size());
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // Reads as much as the kernel gives at a time.
            }
            return Optional.of(bytes.flip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
