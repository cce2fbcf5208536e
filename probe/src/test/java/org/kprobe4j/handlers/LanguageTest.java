package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Java's numbers mean the same in the kernel, to the bit. */
class LanguageTest {
    private static final int ROUNDS = 200;
    private static final List<Class<?>> SAMPLES = List.of(
            OperatorSamples.class,
            BranchSamples.class,
            LoopSamples.class,
            CallSamples.class,
            ObjectSamples.class,
            ArraySamples.class);

    /** Where arithmetic turns. */
    static final long[] INTERESTING = {
        0,
        1,
        -1,
        2,
        -2,
        3,
        5,
        7,
        -7,
        8,
        10,
        31,
        32,
        33,
        63,
        64,
        65,
        100,
        127,
        128,
        -128,
        -129,
        255,
        256,
        1000,
        32767,
        32768,
        -32768,
        -32769,
        65535,
        65536,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        Integer.MAX_VALUE + 1L,
        Integer.MIN_VALUE - 1L,
        0xffff_ffffL,
        0x1_0000_0000L,
        0x1234_5678_9abc_def0L,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Long.MIN_VALUE + 1
    };

    static List<Method> samples() {
        return SAMPLES.stream()
                .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
                .filter(m -> !m.isSynthetic()
                        && m.getReturnType() != void.class
                        && m.getReturnType().isPrimitive())
                .filter(m -> Arrays.stream(m.getParameterTypes()).allMatch(Class::isPrimitive))
                .sorted(Comparator.comparing(Method::getName))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void means_the_same_on_the_jvm_and_in_the_kernel(Method sample) {
        sample.setAccessible(true);
        Differential pair = Differential.of(sample, LanguageTest::classFile);
        for (long[] arguments : arguments(sample, new Random(sample.getName().hashCode()))) {
            assertThat(pair.inTheInterpreter(arguments))
                    .as(() -> "%s%s%n%s"
                            .formatted(
                                    sample.getName(),
                                    Arrays.toString(arguments),
                                    pair.program().code()))
                    .isEqualTo(pair.onTheJvm(arguments));
        }
    }

    /** Interesting values in all pairs, then random ones of every magnitude. */
    static List<long[]> arguments(Method method, Random random) {
        int count = method.getParameterCount();
        var all = new ArrayList<long[]>();
        for (long a : INTERESTING) {
            if (count == 1) {
                all.add(new long[] {a});
                continue;
            }
            for (long b : INTERESTING) {
                var arguments = random.longs(count).toArray();
                arguments[0] = a;
                arguments[1] = b;
                all.add(arguments);
            }
        }
        for (int i = 0; i < ROUNDS; i++) {
            all.add(random.longs(count).map(v -> v >> random.nextInt(64)).toArray());
        }
        return all;
    }

    private static final Map<String, Optional<byte[]>> CLASS_FILES = new ConcurrentHashMap<>();

    static byte @Nullable [] classFile(String internalName) {
        return CLASS_FILES
                .computeIfAbsent(internalName, name -> Optional.ofNullable(read(name)))
                .orElse(null);
    }

    private static byte @Nullable [] read(String internalName) {
        try (InputStream in = internalName.startsWith("java/")
                ? Object.class.getResourceAsStream("/" + internalName + ".class")
                : LanguageTest.class.getResourceAsStream("/" + internalName + ".class")) {
            return in == null ? null : in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
