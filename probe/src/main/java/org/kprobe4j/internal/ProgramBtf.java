package org.kprobe4j.internal;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kprobe4j.asm.Assembled;
import org.kprobe4j.asm.LineEntry;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.btf.Linkage;

/**
 * What a program tells the kernel about its source: a function and, for each instruction range, a Java line, so that the
 * verifier and bpftool speak of Java; its text is the source's, as clang's is of C, or where that is not to be found the place. Source: struct bpf_func_info and bpf_line_info in include/uapi/linux/bpf.h.
 */
final class ProgramBtf {
    static final int FUNC_INFO_BYTES = 8;
    static final int LINE_INFO_BYTES = 16;
    private static final int LINE_SHIFT = 10;

    private final BtfWriter writer = new BtfWriter();
    private final byte[] funcInfo;
    private final byte[] lineInfo;

    ProgramBtf(String function, Assembled code, SourceLines sources) {
        int integer = writer.integer("int", Integer.BYTES, true);
        int context = writer.pointer(0);
        int proto = writer.functionProto(integer, List.of(new BtfType.Param("ctx", context)), false);
        int id = writer.function(BtfWriter.identifier(function), proto, Linkage.STATIC);
        funcInfo = words(FUNC_INFO_BYTES, 0, id);
        lineInfo = lines(code.lines(), sources);
    }

    private byte[] lines(List<LineEntry> entries, SourceLines sources) {
        var out = new ByteArrayOutputStream();
        Map<String, Integer> strings = new HashMap<>();
        int previous = -1;
        for (LineEntry entry : entries) {
            // The first instruction must have a line, and each instruction at most one.
            int slot = previous < 0 ? 0 : entry.slot();
            if (slot > previous) {
                int file = strings.computeIfAbsent(entry.file(), writer::string);
                String shown = sources.text(entry.file(), entry.line()).orElse(entry.file() + ":" + entry.line());
                int text = strings.computeIfAbsent(shown, writer::string);
                out.writeBytes(words(LINE_INFO_BYTES, slot, file, text, entry.line() << LINE_SHIFT));
                previous = slot;
            }
        }
        return out.toByteArray();
    }

    private static byte[] words(int sizeBytes, int... values) {
        ByteBuffer buffer = ByteBuffer.allocate(sizeBytes).order(ByteOrder.nativeOrder());
        for (int value : values) {
            buffer.putInt(value);
        }
        return buffer.array();
    }

    byte[] btf() {
        return writer.toBytes();
    }

    byte[] funcInfo() {
        return funcInfo;
    }

    byte[] lineInfo() {
        return lineInfo;
    }
}
