package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.KernelStack;
import org.kprobe4j.UserStack;

/**
 * A stack with its frames' names, as results have it: stacks of different addresses that read the same are one.
 *
 * @param keys cells of the keys beside the stack, in their order
 * @param labels the keys as frames, the outermost first
 * @param user frames of the process, the outermost first; null if they are not asked for
 * @param kernel frames of the kernel, the outermost first; null if they are not asked for
 */
record Stack(
        List<Object> keys,
        List<String> labels,
        @Nullable List<Frame> user,
        @Nullable List<Frame> kernel) {
    /** What code a frame is of. */
    enum Code {
        /** The kernel's. */
        KERNEL,
        /** Of a program or a library. */
        NATIVE,
        /** C++, by its name. */
        CPP,
        /** Compiled by a JVM or the like, which wrote its names down. */
        JIT
    }

    /** A frame's name, without semicolons. */
    record Frame(String name, Code code) {}

    private static final Pattern PERF_MAP = Pattern.compile(".*/perf-\\d+\\.map");
    /** As perf writes it. */
    private static final String UNKNOWN = "[unknown]";

    private static final Pattern NO_STACK = Pattern.compile("\\[no (stack|frames)]");

    /** Of a key of the kernel's map. Names are looked up now. */
    static Stack of(Stacks.Parts parts, List<KeyColumn> columns, List<Object> cells) {
        var labels = new ArrayList<String>();
        for (int i = 0; i < columns.size(); i++) {
            labels.add(label(columns.get(i), cells.get(i)));
        }
        return new Stack(
                cells,
                labels,
                parts.user() == null ? null : user(parts.user()),
                parts.kernel() == null ? null : kernel(parts.kernel()));
    }

    /** A text speaks for itself, a number does not. */
    private static String label(KeyColumn key, Object cell) {
        return key.typed().text() != null
                ? cell.toString()
                : key.column().name() + " " + key.column().text(cell);
    }

    private static List<Frame> kernel(KernelStack stack) {
        return Arrays.stream(stack.folded().split(";"))
                .map(name -> new Frame(name, Code.KERNEL))
                .toList();
    }

    private static List<Frame> user(UserStack stack) {
        String folded = stack.folded();
        if (stack.isLost()) {
            // A task of the kernel has none: nothing is missing then.
            return NO_STACK.matcher(folded).matches() ? List.of() : List.of(new Frame(folded, Code.NATIVE));
        }
        String[] names = folded.split(";");
        List<UserStack.Frame> frames = stack.frames().reversed();
        var all = new ArrayList<Frame>();
        for (int i = 0; i < names.length; i++) {
            all.add(new Frame(names[i], code(frames.get(i))));
        }
        return Collections.unmodifiableList(all);
    }

    private static Code code(UserStack.Frame frame) {
        String symbol = frame.symbol();
        if (frame.file() != null && PERF_MAP.matcher(frame.file()).matches()) {
            return Code.JIT;
        }
        return symbol != null && (symbol.startsWith("_Z") || symbol.contains("::")) ? Code.CPP : Code.NATIVE;
    }

    /**
     * What tells the task apart, outermost, then the process's frames, then the kernel's. An address without a name is another one in each
     * process; such frames are one, or no two processes would have a stack in common.
     */
    List<Frame> frames() {
        var all = new ArrayList<Frame>();
        labels.stream()
                .filter(label -> !label.isEmpty())
                .forEach(label -> all.add(new Frame(label.replace(';', ':'), Code.NATIVE)));
        if (user != null) {
            user.stream()
                    .map(frame -> frame.name().startsWith("0x") ? new Frame(UNKNOWN, frame.code()) : frame)
                    .forEach(all::add);
        }
        all.addAll(kernel == null ? List.of() : kernel);
        return all;
    }
}
