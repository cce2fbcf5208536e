package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.compiler.CompileException;

/** Random methods mean the same on the JVM and in the interpreter. A failure prints the method and the seed of its class. */
class GeneratedMethodsTest {
    private static final int CLASS_METHODS = 50;

    @Test
    void three_hundred_methods() throws ReflectiveOperationException, IOException {
        agree(20_261_123, 6);
    }

    @Test
    @Tag("nightly")
    void ten_thousand_methods() throws ReflectiveOperationException, IOException {
        agree(Long.getLong("kprobe4j.seed", System.nanoTime()), 200);
    }

    private static void agree(long firstSeed, int classes) throws ReflectiveOperationException, IOException {
        int compared = 0;
        int tooLarge = 0;
        for (long seed = firstSeed; seed < firstSeed + classes; seed++) {
            var generated = GeneratedClass.of("Generated" + (seed - firstSeed), seed, CLASS_METHODS);
            for (Method method : generated.methods()) {
                if (agree(method, generated)) {
                    compared++;
                } else {
                    tooLarge++;
                }
            }
        }
        assertThat(compared).isGreaterThan(20 * tooLarge);
    }

    /** False if the method is over a limit that the compiler names. */
    private static boolean agree(Method method, GeneratedClass generated) {
        Differential pair;
        try {
            pair = Differential.of(method, generated::classFile);
        } catch (CompileException e) {
            if (overALimit(e)) {
                return false;
            }
            throw new AssertionError(generated.describe(method), e);
        }
        for (long[] arguments : generated.arguments(method)) {
            assertThat(pair.inTheInterpreter(arguments))
                    .as(() -> "arguments %s, %s%n%s"
                            .formatted(
                                    Arrays.toString(arguments),
                                    generated.describe(method),
                                    pair.program().code()))
                    .isEqualTo(pair.onTheJvm(arguments));
        }
        return true;
    }

    static boolean overALimit(CompileException refusal) {
        return String.valueOf(refusal.getMessage()).matches("(?s).*(bytes of stack|more than \\d+ instructions).*");
    }
}
