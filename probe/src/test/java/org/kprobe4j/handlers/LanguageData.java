package org.kprobe4j.handlers;

import java.net.Inet4Address;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.kprobe4j.Counter;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Histogram;
import org.kprobe4j.HistogramMap;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelGlobals;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.Name;
import org.kprobe4j.OnFault;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Summary;
import org.kprobe4j.SummaryMap;
import org.kprobe4j.handlers.Types.TaskStruct;

/** Rows about text, arrays, what the kernel's types give beside numbers, and what handlers keep. */
@SuppressWarnings("unused")
final class LanguageData {
    private static final byte[] COMM = "kworker/0:1".getBytes(StandardCharsets.US_ASCII);

    enum ExitState {
        RUNNING,
        ZOMBIE
    }

    @Name("task_struct")
    interface Task extends KernelStruct {
        String comm();

        @Name("comm")
        byte[] commBytes();

        @Name("comm")
        byte letter(int index);

        ExitState exitState();

        boolean schedReset();

        @OnFault(-1)
        int pid();

        @Name("comm")
        @MaxBytes(5000)
        String longer();

        @Name("pid")
        int[] pids();

        @Name("pid")
        int pids(int index);

        @Name("exit_state")
        Unknown unknownState();
    }

    enum Unknown {
        GONE
    }

    @Name("no_such_struct")
    interface NoSuch extends KernelStruct {
        int x();
    }

    interface Vm extends KernelGlobals {
        long jiffies();
    }

    interface VfsRead extends FunctionArguments {
        int count();
    }

    enum Way {
        IN,
        OUT
    }

    record Size(long bytes, short flags) {}

    record Moved(int pid, Size size, Way way, @MaxBytes(32) String name, Inet4Address from) {}

    record Key(int pid, String comm) {}

    record Short(String name) {}

    sealed interface Either {}

    record Came(int pid, String comm) implements Either {}

    record Gone(long why) implements Either {}

    private LanguageData() {}

    static void rows(LanguageTable table) {
        table.area("Text of the kernel", LanguageData.class);
        text(table);
        table.area("Arrays", LanguageData.class);
        arrays(table);
        table.area("More of the kernel's data", LanguageData.class);
        structures(table);
        table.area("Maps, counters, histograms, events", LanguageData.class);
        state(table);
    }

    private static void text(LanguageTable table) {
        long path = table.twin.text("/etc/passwd");
        long user = table.twin.userText("/etc/passwd");
        table.works(
                "text of the kernel and of a process",
                (p, regs) -> Kernel.string(path).equals(Kernel.userString(user)) ? 1 : 0);
        table.works(
                "the first bytes of a text", (p, regs) -> Kernel.string(path, 5).equals("/etc") ? 1 : 0);
        table.works(
                "parts of a text",
                (p, regs) -> Kernel.string(path).startsWith("/etc/")
                                && Kernel.string(path).endsWith("wd")
                                && Kernel.string(path).contains("pass")
                        ? 1
                        : 0);
        table.works("the length of a text", (p, regs) -> Kernel.byteLength(Kernel.string(path)));
        table.works("a choice by text", (p, regs) -> switch (Kernel.string(path)) {
            case "/etc/passwd", "/etc/shadow" -> 1;
            default -> 0;
        });
        table.handler("text in a line", (p, regs) -> {
            Kernel.printf("%s opens %s", Kernel.comm(), Kernel.userString(user));
            return 0;
        });
        table.works("bytes as text", (p, regs) -> {
            byte[] bytes = new byte[16];
            Kernel.read(path, bytes, 0, 8);
            return Kernel.string(bytes, 5).equals("pas") ? 1 : 0;
        });
        table.stops(
                "text at an address that is not mapped",
                (p, regs) -> Kernel.string(regs.arg(0) == 8 ? 8 : path).isEmpty() ? 1 : 0,
                8,
                "read of a string at an address that is not mapped");
        table.refused(
                "characters of a text",
                (p, regs) -> Kernel.comm().charAt(0),
                "a handler cannot call charAt on a string of the kernel, whose characters would have to be decoded; use startsWith, endsWith or contains, or read its bytes into an array with Kernel.read");
        table.refused(
                "length() of a text",
                (p, regs) -> Kernel.comm().length(),
                "a handler cannot call length on a string of the kernel, whose characters would have to be decoded; use Kernel.byteLength(s)");
        table.refused(
                "text joined",
                (p, regs) -> ("comm " + Kernel.comm()).length(),
                "a handler cannot build a string of values that only the kernel knows; pass them to Kernel.printf or send them in an event");
        table.refused(
                "a part that only the kernel knows",
                (p, regs) -> Kernel.string(path).startsWith(Kernel.comm()) ? 1 : 0,
                "startsWith on a string of the kernel needs a constant string");
        table.refused(
                "the order of texts",
                (p, regs) -> Kernel.comm().compareTo("x"),
                "a handler cannot call compareTo on a string of the kernel, whose characters would have to be decoded; use equals or startsWith");
    }

    private static void arrays(LanguageTable table) {
        table.works("an array in a handler", (p, regs) -> {
            int[] last = new int[8];
            for (int i = 0; i < 20; i++) {
                last[i & 7] += (int) regs.arg(0) + i;
            }
            long sum = 0;
            for (int value : last) {
                sum += value;
            }
            return sum;
        });
        table.works("an array of known elements", (p, regs) -> {
            long[] powers = {1, 10, 100, 1000};
            return powers[(int) regs.arg(0) & 3] + powers.length;
        });
        table.stops(
                "an index that is out of bounds",
                (p, regs) -> {
                    short[] few = new short[4];
                    few[regs.arg(0) == 4 ? 4 : 0] = 7;
                    return few[0];
                },
                4,
                "Index out of bounds for length 4");
        table.refused(
                "a length that is not known",
                (p, regs) -> new int[(int) regs.arg(0)].length,
                "a handler's array needs a length that is a constant; make it as long as it may get, for example new int[64]");
        table.refused(
                "arrays of arrays",
                (p, regs) -> new int[2][3].length,
                "a handler cannot create an array of arrays (new int[][]); use one array and compute the index: rows * columns elements");
        table.refused(
                "arrays of objects",
                (p, regs) -> new String[3].length,
                "a handler cannot create an array (new String[n]); use a map or a record");
        table.refused(
                "a large array",
                (p, regs) -> new long[513].length,
                "a handler's array has at most 4096 bytes, so new long[513] cannot be made; use a map");
        table.refused(
                "a copy of an array",
                (p, regs) -> new int[3].clone().length,
                "a handler cannot clone an array; make another one and copy the elements in a loop");
    }

    /** A task whose comm is seen as text, and one where it is seen as bytes. */
    private static long task(LanguageTable table, boolean isText) {
        var made = table.twin.jvm.struct(Task.class, t -> {
            t.set(Task::exitState, ExitState.ZOMBIE).set(Task::schedReset, true).set(Task::pid, 42);
            if (isText) {
                t.set(Task::comm, "kworker/0:1");
            } else {
                t.set(Task::commBytes, Arrays.copyOf(COMM, 16));
            }
        });
        byte[] bytes = Types.task(42, 42, 0, 0);
        System.arraycopy(COMM, 0, bytes, 32, COMM.length);
        bytes[48] = 1;
        table.twin.laidOut(made.address(), bytes);
        return made.address();
    }

    private static void structures(LanguageTable table) {
        long named = task(table, true);
        long raw = task(table, false);
        long words = table.twin.bytes(COMM);
        table.works(
                "a field that is text",
                (p, regs) -> Kernel.struct(named, Task.class).comm().startsWith("kworker/") ? 1 : 0);
        table.works("an array in a structure", (p, regs) -> {
            long sum = 0;
            for (byte letter : Kernel.struct(raw, Task.class).commBytes()) {
                sum += letter;
            }
            return sum;
        });
        table.works(
                "an element of an array",
                (p, regs) -> Kernel.struct(raw, Task.class).letter((int) regs.arg(0) & 15));
        table.works("enumerations of the kernel", (p, regs) -> switch (Kernel.struct(named, Task.class)
                .exitState()) {
            case RUNNING -> 1;
            case ZOMBIE -> 2;
        });
        table.works(
                "a bit as boolean",
                (p, regs) -> Kernel.struct(named, Task.class).schedReset() ? 1 : 0);
        table.works(
                "the structure around another",
                (p, regs) -> Kernel.containerOf(Kernel.current(TaskStruct.class).se(), TaskStruct.class, "se")
                        .pid());
        table.works(
                "what this kernel has",
                (p, regs) -> Kernel.exists(NoSuch.class)
                        ? Kernel.struct(regs.arg(0), NoSuch.class).x()
                        : Kernel.exists(Task.class, "comm") ? 1 : 2);
        table.works("a constant of the kernel", (p, regs) -> Kernel.enumValue("exit_state", "ZOMBIE"));
        table.handler("variables of the kernel", (p, regs) -> {
            Kernel.printf("%d", Kernel.globals(Vm.class).jiffies());
            return 0;
        });
        table.works("a number at an address", (p, regs) -> Kernel.readInt(words) + Kernel.readByte(words + 5));
        table.works(
                "numbers of the network",
                (p, regs) -> Kernel.ntohs((int) regs.arg(0)) + Kernel.ntohl((int) regs.arg(1)));
        table.refused(
                "writing the kernel's memory",
                (p, regs) -> Kernel.struct(raw, Task.class).commBytes()[1] = 2,
                "kernel memory cannot be written");
        table.refused(
                "an array where the kernel has none",
                (p, regs) -> Kernel.struct(raw, Task.class).pids()[0],
                "LanguageData.Task.pids: the field pid is int, not an array");
        table.refused(
                "an index where the kernel has no array",
                (p, regs) -> Kernel.struct(raw, Task.class).pids(1),
                "LanguageData.Task.pids: the field pid is int, neither an array nor a pointer, so it takes no index");
        table.refused(
                "more text than a handler holds",
                (p, regs) -> Kernel.struct(raw, Task.class).longer().isEmpty() ? 1 : 0,
                "LanguageData.Task.longer: a string has 1 to 4096 bytes, not 5000");
        table.refused(
                "a constant that the kernel's enumeration lacks",
                (p, regs) -> Kernel.struct(raw, Task.class).unknownState() == Unknown.GONE ? 1 : 0,
                "enum exit_state has no constant GONE");
        table.refused(
                "arguments by name where the types lack the function",
                (p, regs) -> regs.args(VfsRead.class).count(),
                "the kernel's BTF does not have the parameters of vfs_read; read them with regs.arg(n)");
    }

    private static void state(LanguageTable table) {
        var twin = table.twin;
        KernelMap<Integer, Long> starts = twin.map(Integer.class, Long.class, 100);
        KernelMap<Key, Long> totals = twin.map(Key.class, Long.class, 100);
        Counter hits = twin.counter();
        Histogram sizes = twin.log2();
        RingBuffer<Moved> events = twin.ring(Moved.class);
        RingBuffer<Short> small = twin.ring(Short.class);
        RingBuffer<Either> either = twin.ring(Either.class);
        long path = twin.text("/etc/passwd");
        table.handler("a map", (p, regs) -> {
            Long before = starts.get(Kernel.tid());
            if (before == null) {
                starts.put(Kernel.tid(), regs.arg(0));
            } else {
                Kernel.printf("%d", regs.arg(0) - before);
                starts.remove(Kernel.tid());
            }
            return 0;
        });
        table.handler("a sum for each key", (p, regs) -> {
            totals.add(new Key(Kernel.pid(), Kernel.comm()), regs.arg(0));
            return 0;
        });
        table.handler("counters and histograms", (p, regs) -> {
            hits.increment();
            sizes.record(regs.arg(0));
            return 0;
        });
        HistogramMap<Key> latencies = twin.histograms(Key.class, 100);
        Summary lengths = twin.summary();
        SummaryMap<Integer> perThread = twin.summaries(Integer.class, 100);
        table.handler("a histogram for each key", (p, regs) -> {
            latencies.record(new Key(Kernel.pid(), Kernel.comm()), regs.arg(0));
            return 0;
        });
        table.handler("count, sum, smallest and largest, also for each key", (p, regs) -> {
            lengths.record(regs.arg(0));
            perThread.record(Kernel.tid(), regs.arg(1));
            return 0;
        });
        table.handler("an event with text, an address, a record", (p, regs) -> {
            events.emit(new Moved(
                    Kernel.pid(),
                    new Size(regs.arg(0), (short) regs.arg(1)),
                    Way.OUT,
                    Kernel.string(path, 32),
                    Kernel.ipv4((int) regs.arg(1))));
            return 0;
        });
        table.handler("events of several types in one ring", (p, regs) -> {
            if (regs.arg(0) < 0) {
                either.emit(new Gone(regs.arg(0)));
            } else {
                either.emit(new Came(Kernel.pid(), Kernel.comm()));
            }
            return 0;
        });
        table.refusedHandler(
                "taking events",
                (p, regs) -> {
                    either.poll();
                    return 0;
                },
                "RingBuffer.poll works outside handlers only; in a handler use emit");
        table.refusedHandler(
                "walking a map",
                (p, regs) -> {
                    starts.forEach((k, v) -> {});
                    return 0;
                },
                "a handler cannot make a lambda; call a static method instead");
        table.refusedHandler(
                "the size of a map",
                (p, regs) -> starts.size(),
                "KernelMap.size works outside handlers only; in a handler use get, getOrDefault, containsKey, put, putIfAbsent, remove and add");
        table.refusedHandler(
                "a value that may be null in a line",
                (p, regs) -> {
                    Kernel.printf("%d", starts.get(1));
                    return 0;
                },
                "what may be null cannot be printed; test it before, or use getOrDefault");
        table.refusedHandler(
                "a map made in a handler",
                (p, regs) -> {
                    Counter.of().increment();
                    return 0;
                },
                "a handler cannot make a Counter; make it outside, and use it in the handler");
        table.refusedHandler(
                "text that does not fit its component",
                (p, regs) -> {
                    small.emit(new Short(Kernel.string(path)));
                    return 0;
                },
                "the component name holds 16 bytes and a kernel string may be longer: declare @MaxBytes(256) String name");
    }
}
