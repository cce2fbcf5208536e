package org.kprobe4j.cli.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.kprobe4j.bpf.ringbuf.FilledRing;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.output.Clock;
import org.kprobe4j.cli.output.Destination;
import org.kprobe4j.cli.output.Format;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.Outputs;
import org.kprobe4j.cli.trace.Shown.Style;
import org.kprobe4j.internal.EventBytes;
import org.kprobe4j.internal.PulledEvents;
import org.kprobe4j.internal.StackNames;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How many calls in a second {@code kprobe trace vfs_read -o FILE} takes out of its ring buffer and writes, on one thread: what the
 * kernel has written lies there, everything behind that is as in a real run.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx256m", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@OperationsPerInvocation(TraceBenchmark.CALLS)
public class TraceBenchmark {
    /** So many fit into the buffer, with names of files. */
    static final int CALLS = 20_000;

    private static final long PLACE = 0xffffffff81a2b3c0L;
    private static final long NANOS_APART = 5_000;
    private static final Numeric SIZE = new Numeric(8, true, Numeric.Meaning.PLAIN);
    private static final Numeric ADDRESS = new Numeric(8, false, Numeric.Meaning.ADDRESS);

    private final List<TraceEvent> batch = new ArrayList<>();
    private FilledRing ring;
    private PulledEvents<TraceEvent> events;
    private Path file;
    private Output output;
    private Showing showing;
    private Assembly assembly;

    /** The form that is written. */
    @Param({"JSON", "CSV", "TEXT"})
    private Format format;

    /** Whether the file's name is read, which is a record of its own. */
    @Param({"false", "true"})
    private boolean names;

    /** Fills the ring with calls of one thread. */
    @Setup
    public void fill() {
        var bytes = new EventBytes<TraceEvent>(TraceEvent.class, StackNames.running());
        ring = new FilledRing(Tracing.BUFFER_BYTES);
        long now = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
            long start = now + i * NANOS_APART;
            if (names) {
                var of = new TraceEvent.Origin(start, PLACE, 1, 0, 4711, 4712, "postgres");
                ring.add(bytes.write(new TraceEvent.FileName(of, 0, "/var/lib/postgresql/17/main/base/16384/2619")));
            }
            ring.add(bytes.write(new TraceEvent.Call(
                    start,
                    1800 + i % 977,
                    PLACE,
                    i % 50 == 0 ? -11 : 8192,
                    1,
                    (short) 0,
                    (short) (names ? 1 : 0),
                    4711,
                    4712,
                    "postgres",
                    0xffff_8880_0a1b_2c00L,
                    0x7f00_1234_5000L + i,
                    8192,
                    0xffff_c900_0012_3e80L,
                    0,
                    0,
                    0,
                    0)));
        }
        events = new PulledEvents<>(ring.ring(), bytes);
    }

    /** An empty file, and what writes it. */
    @Setup(Level.Iteration)
    public void open() throws IOException {
        file = Files.createTempFile(Path.of("").toAbsolutePath(), "trace-benchmark-", ".out");
        output = Outputs.open(format, Destination.file(file, "the benchmark's"), Clock.now());
        showing = format == Format.TEXT
                ? Showing.forPeople(output, () -> true, CallText.What.CALLS, true)
                : Showing.forMachines(output, () -> true, true, Tracer.Extras.NONE, List.of());
        assembly = new Assembly(showing::accept);
        assembly.place(
                PLACE,
                "vfs_read",
                new FunctionView(
                        "vfs_read",
                        List.of(
                                new Shown("file", ADDRESS, Style.PATH, 0, names ? 0 : Shown.NONE),
                                new Shown("buf", ADDRESS, Style.DECIMAL, 1, Shown.NONE),
                                new Shown("count", SIZE, Style.DECIMAL, 2, Shown.NONE),
                                new Shown("pos", ADDRESS, Style.DECIMAL, 3, Shown.NONE)),
                        SIZE),
                true);
    }

    /** The file must have all of the calls. */
    @TearDown(Level.Iteration)
    public void close() throws IOException {
        output.close();
        try (var lines = Files.lines(file)) {
            long rows = lines.count() - (format == Format.JSON ? 0 : 1);
            if (rows != assembly.calls() || assembly.partial() != 0) {
                throw new IllegalStateException("%d rows of %d calls".formatted(rows, assembly.calls()));
            }
        } finally {
            Files.delete(file);
        }
    }

    /** As if the kernel had filled it again. */
    @Setup(Level.Invocation)
    public void rewind() {
        ring.rewind();
    }

    /**
     * Takes what is there, and writes it.
     *
     * @return how many records
     */
    @Benchmark
    public int replay() {
        batch.clear();
        int count = events.drainTo(batch);
        batch.forEach(assembly::accept);
        showing.rest();
        return count;
    }
}
