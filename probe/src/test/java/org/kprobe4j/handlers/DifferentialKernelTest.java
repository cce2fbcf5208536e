package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.LoadException;
import org.kprobe4j.compiler.CompileException;

/**
 * The same methods on the JVM and in the running kernel: the results agree to the bit, as they do in the interpreter. A failure
 * prints the method and the seed of its class.
 *
 * <p>{@code -Dkprobe4j.differential.methods=10000} compares more of them, {@code -Dkprobe4j.seed=N} others.
 */
@Tag("kernel")
class DifferentialKernelTest {
    private static final int CLASS_METHODS = 50;
    /** Classes that are compiled at once. */
    private static final int TOGETHER = 5;

    private static final int METHODS = Integer.getInteger("kprobe4j.differential.methods", 250);
    private static final long SEED = Long.getLong("kprobe4j.seed", 20_261_123);
    /** Of the samples' arguments, which are thousands. */
    private static final int CALLS = 24;

    /** Loops that end by their arithmetic: the verifier sees no end of them (UnboundedLoopKernelTest). */
    private static final Set<String> UNBOUNDED_SAMPLES = Set.of("callInCondition", "loopAtStart");

    @Test
    void samples() {
        try (var log = new RunInKernel.Log()) {
            List<Method> samples = LanguageTest.samples().stream()
                    .filter(sample -> !UNBOUNDED_SAMPLES.contains(sample.getName()))
                    .toList();
            assertThat(samples).hasSizeGreaterThan(100);
            for (Method sample : samples) {
                sample.setAccessible(true);
                Differential pair = Differential.of(sample, LanguageTest::classFile, RunInKernel.MACHINE);
                var random = new Random(sample.getName().hashCode());
                List<long[]> all = LanguageTest.arguments(sample, random);
                List<long[]> some =
                        random.ints(CALLS, 0, all.size()).mapToObj(all::get).toList();
                try (var kernel = RunInKernel.load(pair.program(), log)) {
                    agree(pair, kernel, some, sample::getName);
                }
            }
        }
    }

    @Test
    void generatedMethods() throws ReflectiveOperationException, IOException {
        int compared = 0;
        int tooLarge = 0;
        try (var log = new RunInKernel.Log()) {
            for (int i = 0; i < METHODS; i += TOGETHER * CLASS_METHODS) {
                int classes = Math.clamp(Math.ceilDiv(METHODS - i, CLASS_METHODS), 1, TOGETHER);
                for (var generated :
                        GeneratedClass.of("Generated" + i + "_", SEED + i / CLASS_METHODS, classes, CLASS_METHODS)) {
                    for (Method method : generated.methods()) {
                        if (agree(method, generated, log)) {
                            compared++;
                        } else {
                            tooLarge++;
                        }
                    }
                }
            }
        }
        assertThat(compared).isGreaterThan(20 * tooLarge);
    }

    /** False if the method is over a limit that the compiler or the verifier names. */
    private static boolean agree(Method method, GeneratedClass generated, RunInKernel.Log log) {
        Differential pair;
        try {
            pair = Differential.of(method, generated::classFile, RunInKernel.MACHINE);
        } catch (CompileException e) {
            if (GeneratedMethodsTest.overALimit(e)) {
                return false;
            }
            throw new AssertionError(generated.describe(method), e);
        }
        try (var kernel = RunInKernel.load(pair.program(), log)) {
            agree(pair, kernel, generated.arguments(method), () -> generated.describe(method));
            return true;
        } catch (LoadException e) {
            if (e.errno() == Errno.E2BIG || e.log().contains("BPF program is too large")) {
                return false;
            }
            throw new AssertionError(
                    "%s%n%s%n%s"
                            .formatted(
                                    generated.describe(method), pair.program().code(), e.log()),
                    e);
        }
    }

    private static void agree(Differential pair, RunInKernel kernel, List<long[]> calls, Supplier<String> what) {
        for (long[] arguments : calls) {
            Differential.Outcome expected = pair.onTheJvm(arguments);
            assertThat(kernel.run(arguments))
                    .as(() -> "arguments %s, %s%n%s"
                            .formatted(
                                    Arrays.toString(arguments),
                                    what.get(),
                                    pair.program().code()))
                    .isEqualTo(expected);
        }
    }
}
