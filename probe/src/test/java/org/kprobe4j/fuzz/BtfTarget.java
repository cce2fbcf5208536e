package org.kprobe4j.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfException;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType.Composite;
import org.kprobe4j.btf.BtfType.Enumerator;
import org.kprobe4j.btf.BtfType.Function;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfType.Param;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.btf.Linkage;

/** For the fuzzer: any bytes as a kernel's types, and every question that can be asked about them. */
public final class BtfTarget {
    private static final byte[] KERNEL = kernel();
    private static final Btf BASE = Btf.parse(ByteBuffer.wrap(KERNEL));

    private BtfTarget() {}

    /** Asks; an answer or a {@link BtfException} is right, all else a finding. The first byte chooses kernel or module. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        var bytes = ByteBuffer.wrap(input, 1, input.length - 1);
        try {
            ask((input[0] & 1) == 0 ? Btf.parse(bytes) : Btf.parseSplit(bytes, BASE));
        } catch (BtfException e) {
            // The documented outcome.
        }
    }

    private static void ask(Btf btf) {
        for (int i = 0; i <= btf.endId(); i++) {
            int id = i;
            answered(() -> btf.type(id));
            answered(() -> btf.resolve(id));
            answered(() -> btf.sizeOf(id));
            answered(() -> btf.declare(id));
            answered(() -> btf.nameOf(id));
            answered(() -> btf.field(id, "high"));
            answered(() -> btf.type(id) instanceof Function function ? btf.prototype(function) : "");
            answered(() -> btf.resolve(id) instanceof Composite composite ? btf.fieldNames(composite) : "");
        }
        answered(btf::pointerSize);
        answered(() -> btf.function("vfs_read"));
        answered(() -> btf.struct("task_struct").flatMap(task -> btf.field(task, "pid")));
        answered(() -> btf.typedef("pid_t"));
        answered(() -> btf.enumeration("state"));
        answered(() -> btf.variable("runqueues"));
        answered(() -> btf.names(EnumSet.allOf(BtfKind.class)).toList());
    }

    private static void answered(Supplier<?> question) {
        try {
            question.get();
        } catch (BtfException e) {
            // The documented outcome.
        }
    }

    /** A small kernel and a module of it, in both byte orders. */
    public static Map<String, byte[]> seeds() {
        return Map.of(
                "kernel-le", seed(0, KERNEL),
                "kernel-be", seed(0, kernelWriter().toBytes(ByteOrder.BIG_ENDIAN)),
                "module", seed(1, module()));
    }

    private static byte[] seed(int first, byte[] bytes) {
        return ByteBuffer.allocate(1 + bytes.length)
                .put((byte) first)
                .put(bytes)
                .array();
    }

    private static byte[] kernel() {
        return kernelWriter().toBytes();
    }

    private static BtfWriter kernelWriter() {
        var out = new BtfWriter();
        int word = out.integer("int", 4, true);
        int wide = out.integer("unsigned long", 8, false);
        int letter = out.integer("char", 1, true);
        int pid = out.typedef("pid_t", word);
        int comm = out.array(letter, word, 16);
        int halves = out.union("", 8, List.of(new Member("low", word, 0, 0), new Member("high", wide, 0, 0)));
        int state = out.enumeration("state", 4, List.of(new Enumerator("RUNNING", 0), new Enumerator("ZOMBIE", 1)));
        int task = out.struct(
                "task_struct",
                40,
                List.of(
                        new Member("pid", pid, 0, 0),
                        new Member("flag", word, 32, 1),
                        new Member("", halves, 64, 0),
                        new Member("comm", comm, 128, 0),
                        new Member("state", state, 256, 0)));
        int pointer = out.pointer(task);
        int proto = out.functionProto(word, List.of(new Param("task", pointer), new Param("size", wide)), true);
        out.function("vfs_read", proto, Linkage.STATIC);
        out.pointer(proto);
        return out;
    }

    private static byte[] module() {
        var out = new BtfWriter(BASE);
        int inner = out.struct("", 8, List.of(new Member("owner", 1, 0, 0)));
        out.function("mod_init", out.functionProto(inner, List.of(), false), Linkage.STATIC);
        out.struct("mod_data", 8, List.of(new Member("", inner, 0, 0), new Member("more", 2, 32, 0)));
        return out.toBytes();
    }
}
