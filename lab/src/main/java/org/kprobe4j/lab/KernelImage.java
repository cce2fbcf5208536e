package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * A kernel in the cache, ready to boot.
 *
 * @param image what QEMU is given
 * @param release what {@code uname -r} will say
 * @param bootModules the modules that the boot loads, uncompressed, in the order of loading
 * @param modules the folder of all modules of the release
 */
record KernelImage(Path image, String release, List<Path> bootModules, Path modules) {
    private static final int ZSTD_MAGIC = 0xfd2fb528;

    static KernelImage provide(LabCache cache, KernelRow row, Tools tools, Progress progress) {
        Path entry = cache.entry(entryName(row), folder -> {
            PrivateApt apt =
                    PrivateApt.open(Files.createDirectory(folder.resolve("apt")), row.arch(), row.suites(), progress);
            List<String> packages = apt.kernelPackages(row.imagePackage());
            List<Path> debs = apt.download(packages.getFirst(), packages);
            progress.say("lab: unpacking " + packages.getFirst());
            Path root = folder.resolve("root");
            Tools.unpack(debs, root);
            prepare(folder, root, row, tools);
            LabCache.deleteTree(folder.resolve("apt"));
        });
        return read(entry);
    }

    static String entryName(KernelRow row) {
        return "kernel-2-" + row.id();
    }

    private static KernelImage read(Path entry) {
        Properties about = new Properties();
        try (var in = Files.newInputStream(entry.resolve("kernel.properties"));
                Stream<Path> list = Files.list(entry.resolve("boot-modules"))) {
            about.load(in);
            return new KernelImage(
                    entry.resolve("image"),
                    about.getProperty("release"),
                    list.sorted().toList(),
                    entry.resolve(about.getProperty("modules")));
        } catch (IOException e) {
            throw new LabException("lab: the cache " + entry + " is damaged; delete it, then try again", e);
        }
    }

    private static void prepare(Path folder, Path root, KernelRow row, Tools tools) throws IOException {
        Path modules = modulesFolder(root);
        String release = modules.getFileName().toString();
        Path vmlinuz = Files.exists(root.resolve("boot/vmlinuz-" + release))
                ? root.resolve("boot/vmlinuz-" + release)
                : modules.resolve("vmlinuz");
        uncompress(vmlinuz, folder.resolve("image"), tools);
        Path bootModules = Files.createDirectory(folder.resolve("boot-modules"));
        int order = 0;
        for (Path module : inLoadingOrder(modules, row.modules(), bootModules, tools)) {
            Path target = bootModules.resolve("%02d-%s".formatted(order++, module.getFileName()));
            Files.move(module, target);
        }
        // What an installation would do; tests load and unload modules by name.
        HostTool.require(
                "indexing the kernel's modules",
                "delete the cache, then try again",
                List.of(
                        tools.busybox().toString(),
                        "depmod",
                        "-b",
                        modules.resolve("../../..").normalize().toString(),
                        release));
        Properties about = new Properties();
        about.setProperty("release", release);
        about.setProperty("modules", folder.relativize(modules).toString());
        try (var out = Files.newOutputStream(folder.resolve("kernel.properties"))) {
            about.store(out, null);
        }
    }

    private static Path modulesFolder(Path root) throws IOException {
        for (String folder : List.of("usr/lib/modules", "lib/modules")) {
            if (Files.isDirectory(root.resolve(folder))) {
                try (Stream<Path> list = Files.list(root.resolve(folder))) {
                    return list.findFirst().orElseThrow();
                }
            }
        }
        throw new LabException("lab: the kernel package holds no modules; Debian may have moved them again");
    }

    /**
     * Takes the ELF kernel out of an x86 bzImage: QEMU boots it directly, and a second of decompression under emulation
     * is saved at every boot. Anything else is used as it is.
     *
     * <p>Source: Documentation/arch/x86/boot.rst (setup_sects, payload_offset, payload_length)
     */
    private static void uncompress(Path vmlinuz, Path image, Tools tools) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(vmlinuz)).order(ByteOrder.LITTLE_ENDIAN);
        boolean bzImage = file.limit() > 0x250 && file.getInt(0x202) == 0x53726448; // "HdrS"
        int magic = 0;
        int start = 0;
        if (bzImage) {
            int setupSectors = file.get(0x1f1) == 0 ? 4 : file.get(0x1f1);
            start = (setupSectors + 1) * 512 + file.getInt(0x248);
            magic = file.getInt(start);
        }
        switch (magic) {
            case ZSTD_MAGIC -> zstd(payload(file, start), image, tools);
            case Lz4Legacy.MAGIC -> {
                try (var out = Files.newOutputStream(image)) {
                    Lz4Legacy.decode(payload(file, start), out);
                }
            }
            default -> Files.copy(vmlinuz, image);
        }
    }

    /** The compressed stream; the word after it, counted in the length, is the size of what it holds. */
    private static ByteBuffer payload(ByteBuffer file, int start) {
        return file.slice(start, file.getInt(0x24c) - Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void zstd(ByteBuffer payload, Path image, Tools tools) throws IOException {
        Path compressed = image.resolveSibling("payload");
        byte[] bytes = new byte[payload.remaining()];
        payload.get(bytes);
        Files.write(compressed, bytes);
        List<String> command = new ArrayList<>(tools.command("usr/bin/zstd"));
        command.addAll(List.of("-d", "-q", "-c"));
        HostTool.filter("uncompressing the kernel", command, compressed, image);
        Files.delete(compressed);
    }

    /** The named modules and what they depend on, dependencies first; a module that is built in is left out. */
    private static Collection<Path> inLoadingOrder(Path modules, List<String> names, Path work, Tools tools)
            throws IOException {
        Map<String, Path> files = new LinkedHashMap<>();
        try (Stream<Path> walk = Files.walk(modules)) {
            walk.filter(path -> path.getFileName().toString().contains(".ko"))
                    .forEach(path -> files.put(moduleName(path), path));
        }
        Map<String, Path> ordered = new LinkedHashMap<>();
        for (String name : names) {
            visit(name, files, ordered, work, tools);
        }
        return ordered.values();
    }

    private static void visit(String name, Map<String, Path> files, Map<String, Path> ordered, Path work, Tools tools)
            throws IOException {
        Path file = files.get(name);
        if (file == null || ordered.containsKey(name)) {
            return;
        }
        Path plain = work.resolve(name + ".ko");
        if (file.toString().endsWith(".xz")) {
            HostTool.filter(
                    "uncompressing " + file.getFileName(),
                    List.of(tools.busybox().toString(), "xzcat"),
                    file,
                    plain);
        } else {
            Files.copy(file, plain);
        }
        for (String dependency : ModuleInfo.depends(Files.readAllBytes(plain))) {
            visit(dependency, files, ordered, work, tools);
        }
        ordered.put(name, plain);
    }

    private static String moduleName(Path file) {
        return file.getFileName().toString().replaceFirst("\\.ko.*", "").replace('-', '_');
    }
}
