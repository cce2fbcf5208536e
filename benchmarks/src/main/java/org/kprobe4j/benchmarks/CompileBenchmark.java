package org.kprobe4j.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompileRequest;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Compiler;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.internal.HandlerLambda;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** How long a handler of thirty lines takes from lambda to program: when the compiler has run for long, and once in a fresh JVM. */
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class CompileBenchmark {
    /** The kernel's types, read once. */
    @State(Scope.Benchmark)
    public static class Types {
        private final Btf btf = read();
    }

    private static final int MEASURED = 5;
    private static final int FRESH_JVMS = 15;

    /** The tenth program and the thousandth. */
    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @Fork(1)
    @Warmup(iterations = MEASURED, time = 2)
    @Measurement(iterations = MEASURED, time = 2)
    public CompiledProgram warm(Types types) {
        return compile(types.btf);
    }

    /** The first program of a JVM: classes are loaded, the kernel's types read; with the options that ./kprobe starts its JVM with. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Fork(
            value = FRESH_JVMS,
            jvmArgsAppend = {"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto"})
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    public CompiledProgram cold() {
        return compile(read());
    }

    /** The same with a cache of classes, as ./kprobe has one; this one was made by compiling the very same handler. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Fork(
            value = FRESH_JVMS,
            jvmArgsAppend = {
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-XX:AOTCache=" + ClassCache.FILE,
                "-Xlog:disable"
            })
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    public CompiledProgram coldCached() {
        return compile(read());
    }

    /**
     * Compiles once, for the cache to see which classes that takes.
     *
     * @param args none
     */
    public static void main(String[] args) {
        compile(read());
    }

    private static CompiledProgram compile(Btf types) {
        HandlerLambda lambda = HandlerLambda.of(Sample.HANDLER, _ -> Optional.empty());
        return Compiler.compile(new CompileRequest(
                lambda.code(),
                lambda,
                Architecture.X86_64,
                () -> Optional.of(types),
                new ProgramShape.Entry(OptionalLong.empty()),
                new Planted.One("vfs_read", 0xffff_ffff_8123_4560L),
                Optional.of(Sample.Data.class.getName().replace('.', '/')),
                1));
    }

    private static Btf read() {
        try (FileChannel channel = FileChannel.open(Path.of(System.getProperty(BenchmarkMain.BTF)))) {
            ByteBuffer bytes = ByteBuffer.allocateDirect((int) channel.size());
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // As much as there is at a time.
            }
            return Btf.parse(bytes.flip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
