package org.kprobe4j;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.FormatString;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.internal.LineFormatter;

/** The answers of a simulated kernel to what a handler asks. The test sets the fields through {@link SimulatedKernel}. */
final class SimulatedCalls implements KernelCalls {
    /** Source: TASK_COMM_LEN in include/linux/sched.h, without its closing NUL. */
    private static final int COMM_BYTES = 15;

    private static final int MAX_FRAMES = 64;

    private final SimulatedMemory memory;
    private final SimulatedSymbols symbols;
    private final List<String> lines = new ArrayList<>();

    long ktimeNs = 1_000_000_000L;
    long suspendedNs;
    Random random = new Random(0);
    int cpu;
    int pid = 1;
    int tid = 1;
    int uid;
    int gid;
    long cgroupId = 1;
    String comm = "init";
    long[] stack = {};

    @Nullable
    KernelStruct current;

    SimulatedCalls(SimulatedMemory memory, SimulatedSymbols symbols) {
        this.memory = memory;
        this.symbols = symbols;
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public long ktimeNs() {
        return ktimeNs;
    }

    @Override
    public long bootTimeNs() {
        return ktimeNs + suspendedNs;
    }

    @Override
    public int random() {
        return random.nextInt();
    }

    @Override
    public int cpu() {
        return cpu;
    }

    @Override
    public int pid() {
        return pid;
    }

    @Override
    public int tid() {
        return tid;
    }

    @Override
    public int uid() {
        return uid;
    }

    @Override
    public int gid() {
        return gid;
    }

    @Override
    public long cgroupId() {
        return cgroupId;
    }

    @Override
    public String comm() {
        byte[] bytes = comm.getBytes(StandardCharsets.UTF_8);
        return LineFormatter.chars(MemorySegment.ofArray(bytes), 0, Math.min(bytes.length, COMM_BYTES));
    }

    @Override
    public <T extends KernelStruct> T current(Class<T> type) {
        if (current == null) {
            current = memory.make(type);
        }
        return memory.view(current.address(), type);
    }

    @Override
    public <T extends KernelStruct> T struct(long address, Class<T> type) {
        return memory.view(address, type);
    }

    @Override
    public KernelStack stack() {
        return new KernelStack(Arrays.copyOf(stack, Math.min(stack.length, MAX_FRAMES)));
    }

    @Override
    public void dumpStack() {
        printf("Call Trace:\n%s", stack());
    }

    /** Makes the line as for a record that came from the kernel; what a stack holds lies in one. */
    @Override
    public void printf(String format, @Nullable Object... values) {
        List<FormatString.Piece.Conversion> conversions = conversions(format, values.length);
        var arguments = new ArrayList<PrintFormat.Argument>();
        var record = new ArrayList<Long>();
        for (int i = 0; i < values.length; i++) {
            if (values[i] instanceof KernelStack trace) {
                check(format, conversions.get(i), true);
                arguments.add(new PrintFormat.Argument.Stack(record.size() * Long.BYTES, MAX_FRAMES));
                record.add((long) trace.addresses().length * Long.BYTES);
                Arrays.stream(trace.addresses()).forEach(record::add);
            } else {
                Object value = values[i] instanceof KernelStruct structure ? (Object) structure.address() : values[i];
                check(format, conversions.get(i), !LineFormatter.isNumeric(value));
                arguments.add(new PrintFormat.Argument.Known(value));
            }
        }
        var bytes = MemorySegment.ofArray(new byte[record.size() * Long.BYTES]);
        for (int i = 0; i < record.size(); i++) {
            bytes.set(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * Long.BYTES, record.get(i));
        }
        lines.add(new LineFormatter(new PrintFormat(0, format, arguments), symbols::names).format(bytes));
    }

    private static List<FormatString.Piece.Conversion> conversions(String format, int arguments) {
        try {
            return FormatString.parse(format, arguments).conversions();
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    private static void check(String format, FormatString.Piece.Conversion conversion, boolean text) {
        try {
            conversion.check(format, text);
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }
}
