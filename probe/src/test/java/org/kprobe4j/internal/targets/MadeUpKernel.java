package org.kprobe4j.internal.targets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.btf.Linkage;

/** A kernel's files in a folder, and its types. */
final class MadeUpKernel implements KernelTypes {
    private final Path root;
    private Optional<Btf> kernel = Optional.empty();
    private final Map<String, Btf> modules = new TreeMap<>();

    MadeUpKernel(Path root) {
        this.root = root;
    }

    MadeUpKernel file(String path, String content) {
        try {
            Path file = root.resolve(path);
            Files.createDirectories(file.getParent());
            Files.writeString(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    MadeUpKernel kallsyms(String content) {
        return file("proc/kallsyms", content);
    }

    MadeUpKernel filter(String content) {
        return file("sys/kernel/tracing/available_filter_functions", content);
    }

    MadeUpKernel blacklist(String content) {
        return file("sys/kernel/debug/kprobes/blacklist", content);
    }

    /** Functions that take a {@code struct file *}; the kernel knows {@code struct inode}, too. */
    MadeUpKernel taking(String... functions) {
        kernel = Optional.of(Btf.parse(ByteBuffer.wrap(types(new BtfWriter(), functions))));
        return this;
    }

    /** A module's functions that take a {@code struct file *}. */
    MadeUpKernel moduleTaking(String module, String... functions) {
        Btf base = kernel.orElseThrow();
        modules.put(module, Btf.parseSplit(ByteBuffer.wrap(types(new BtfWriter(base), functions)), base));
        return this;
    }

    private static byte[] types(BtfWriter writer, String... functions) {
        int file = writer.pointer(writer.struct("file", 8, List.of()));
        int _ = writer.struct("inode", 8, List.of());
        var params = new ArrayList<>(List.of(new BtfType.Param("file", file)));
        for (String function : functions) {
            int _ = writer.function(function, writer.functionProto(0, params, false), Linkage.STATIC);
        }
        return writer.toBytes();
    }

    TargetResolver resolver() {
        return TargetResolver.of(FunctionFiles.under(root), this);
    }

    Resolution resolve(String target) {
        return resolver().resolve(target);
    }

    @Override
    public Optional<Btf> kernel() {
        return kernel;
    }

    @Override
    public List<String> modules() {
        return List.copyOf(modules.keySet());
    }

    @Override
    public Optional<Btf> module(String name) {
        return Optional.ofNullable(modules.get(name));
    }
}
