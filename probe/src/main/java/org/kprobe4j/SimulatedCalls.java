package org.kprobe4j;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.FormatString;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.compiler.StackKind;
import org.kprobe4j.internal.AddressText;
import org.kprobe4j.internal.LineFormatter;
import org.kprobe4j.internal.NamedKernelStack;
import org.kprobe4j.internal.NamedUserStack;
import org.kprobe4j.internal.StackNames;
import org.kprobe4j.internal.StackSymbols;

/** The answers of a simulated kernel to what a handler asks. The test sets the fields through {@link SimulatedKernel}. */
final class SimulatedCalls implements KernelCalls {
    /** Source: TASK_COMM_LEN in include/linux/sched.h, without its closing NUL. */
    private static final int COMM_BYTES = 15;

    private static final boolean BIG_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN;

    private final SimulatedSymbols symbols;
    private final StackNames stackNames;
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
    long[] userStack = {};

    @Nullable
    KernelStruct current;

    final SimulatedOverride override = new SimulatedOverride();

    private final SimulatedMemory memory;

    SimulatedCalls(SimulatedSymbols symbols, StackNames stackNames, Consumer<SimulatedFault> passed) {
        this.symbols = symbols;
        this.stackNames = stackNames;
        this.memory = new SimulatedMemory(() -> cpu, passed);
    }

    SimulatedMemory memory() {
        return memory;
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
            current = memory.make(type, false);
        }
        return memory.view(current.address(), type, false);
    }

    @Override
    public <T extends KernelStruct> T struct(long address, Class<T> type) {
        return memory.view(address, type, false);
    }

    /** One at address 0 is null, as {@link Kernel#string} says. */
    @Override
    @SuppressWarnings("NullAway")
    public String string(long address, int maxBytes) {
        return address == 0
                ? null
                : memory.space(false).text(address, maxBytes, "read of a string at an address that is not mapped");
    }

    @Override
    public String string(byte[] bytes, int offset) {
        Objects.checkIndex(offset, bytes.length);
        return LineFormatter.chars(MemorySegment.ofArray(bytes), offset, bytes.length - offset);
    }

    @Override
    @SuppressWarnings("NullAway")
    public String userString(long address, int maxBytes) {
        return address == 0
                ? null
                : memory.space(true).text(address, maxBytes, "read of a string in user memory that is not present");
    }

    @Override
    public String stringOrEmpty(long address, int maxBytes) {
        try {
            return memory.space(false).text(address, maxBytes, "read of a string at an address that is not mapped");
        } catch (SimulatedFault fault) {
            memory.passed(fault);
            return "";
        }
    }

    @Override
    public String userStringOrEmpty(long address, int maxBytes) {
        try {
            return memory.space(true).text(address, maxBytes, "read of a string in user memory that is not present");
        } catch (SimulatedFault fault) {
            memory.passed(fault);
            return "";
        }
    }

    @Override
    public int byteLength(String string) {
        return string.getBytes(StandardCharsets.UTF_8).length;
    }

    @Override
    public void read(long address, byte[] into, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, into.length);
        byte[] bytes =
                memory.space(false).read(address, length, "read of kernel memory at an address that is not mapped");
        System.arraycopy(bytes, 0, into, offset, length);
    }

    @Override
    public void readUser(long address, byte[] into, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, into.length);
        byte[] bytes = memory.space(true).read(address, length, "read of user memory that is not present");
        System.arraycopy(bytes, 0, into, offset, length);
    }

    @Override
    public long number(String call, long address, int sizeBytes, boolean user) {
        byte[] bytes =
                memory.space(user).read(address, sizeBytes, "%s at an address that is not mapped".formatted(call));
        var word =
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).put(bytes);
        return word.getLong(0);
    }

    @Override
    public String path(KernelStruct structure) {
        return memory.path(structure);
    }

    @Override
    public Inet4Address ipv4(int bigEndian) {
        byte[] bytes = ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.nativeOrder())
                .putInt(bigEndian)
                .array();
        return (Inet4Address) address(bytes);
    }

    @Override
    public Inet6Address ipv6(KernelStruct in6Addr) {
        return memory.ipv6(in6Addr);
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of %d bytes".formatted(bytes.length), e);
        }
    }

    @Override
    public int ntohs(int bigEndian) {
        return Short.toUnsignedInt(BIG_ENDIAN ? (short) bigEndian : Short.reverseBytes((short) bigEndian));
    }

    @Override
    public int ntohl(int bigEndian) {
        return BIG_ENDIAN ? bigEndian : Integer.reverseBytes(bigEndian);
    }

    @Override
    public <T extends KernelStruct> T containerOf(KernelStruct member, Class<T> outer, String field) {
        return memory.containerOf(member, outer, field);
    }

    @Override
    public boolean exists(Class<? extends KernelStruct> type, String field) {
        return memory.exists(type, field);
    }

    @Override
    public long enumValue(String enumType, String constant) {
        return memory.enumValue(enumType, constant);
    }

    @Override
    public <T extends KernelGlobals> T globals(Class<T> type) {
        return memory.globals(type);
    }

    @Override
    public KernelStack stack() {
        return new NamedKernelStack(frames(stack), stackNames::kernel);
    }

    /** A process that has no stack is one of the kernel. */
    @Override
    public UserStack userStack() {
        StackSymbols.Stack frames = frames(userStack);
        return new NamedUserStack(pid, frames, stackNames.process(pid, frames));
    }

    private static StackSymbols.Stack frames(long[] addresses) {
        List<Long> most =
                Arrays.stream(addresses).limit(StackKind.MAX_FRAMES).boxed().toList();
        return new StackSymbols.Stack(most, 0);
    }

    @Override
    public void overrideReturn(PtRegs regs, long value) {
        override.wish(regs, value);
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
                arguments.add(new PrintFormat.Argument.Stack(record.size() * Long.BYTES, StackKind.DEFAULT_FRAMES));
                record.add((long) trace.addresses().length * Long.BYTES);
                Arrays.stream(trace.addresses()).forEach(record::add);
            } else if (values[i] instanceof UserStack trace) {
                check(format, conversions.get(i), true);
                arguments.add(new PrintFormat.Argument.UserStack(record.size() * Long.BYTES, StackKind.DEFAULT_FRAMES));
                record.add((long) trace.pid() << Integer.SIZE);
                record.add((long) trace.addresses().length * Long.BYTES);
                Arrays.stream(trace.addresses()).forEach(record::add);
            } else {
                Object value = printed(values[i]);
                check(format, conversions.get(i), !LineFormatter.isNumeric(value));
                arguments.add(new PrintFormat.Argument.Known(value));
            }
        }
        var bytes = MemorySegment.ofArray(new byte[record.size() * Long.BYTES]);
        for (int i = 0; i < record.size(); i++) {
            bytes.set(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * Long.BYTES, record.get(i));
        }
        lines.add(new LineFormatter(new PrintFormat(0, format, arguments), symbols::names, stackNames).format(bytes));
    }

    /** As it travels. */
    private static @Nullable Object printed(@Nullable Object value) {
        return switch (value) {
            case KernelStruct structure -> structure.address();
            case InetAddress address -> AddressText.of(address);
            case Enum<?> constant -> SimulatedMemory.constantName(constant);
            case null, default -> value;
        };
    }

    private static List<FormatString.Piece.Conversion> conversions(String format, int arguments) {
        return UsageException.checked(
                () -> FormatString.parse(format, arguments).conversions());
    }

    private static void check(String format, FormatString.Piece.Conversion conversion, boolean text) {
        UsageException.check(() -> conversion.check(format, text));
    }
}
