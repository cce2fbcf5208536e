package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.compiler.CompileException;

/** Random methods mean the same on the JVM and in the kernel. A failure prints the method and the seed of its class. */
class GeneratedMethodsTest {
    private static final int CLASS_METHODS = 50;
    private static final int CALLS = 12;

    private static final Map<String, byte[]> CLASSES = new HashMap<>();

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
            String name = "Generated" + (seed - firstSeed);
            String source = new MethodGenerator(seed).generate(name, CLASS_METHODS);
            Class<?> type = load(name, source);
            for (int i = 0; i < CLASS_METHODS; i++) {
                Method method = method(type, "m" + i);
                method.setAccessible(true);
                if (agree(method, source, seed)) {
                    compared++;
                } else {
                    tooLarge++;
                }
            }
        }
        assertThat(compared).isGreaterThan(20 * tooLarge);
    }

    private static Method method(Class<?> type, String name) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(m -> m.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** False if the method is over a limit that the compiler names. */
    private static boolean agree(Method method, String source, long seed) {
        Differential pair;
        try {
            pair = Differential.of(method, name -> CLASSES.getOrDefault(name, LanguageTest.classFile(name)));
        } catch (CompileException e) {
            if (String.valueOf(e.getMessage()).matches("(?s).*(bytes of stack|more than \\d+ instructions).*")) {
                return false;
            }
            throw new AssertionError("seed %d%n%s".formatted(seed, text(method, source)), e);
        }
        var random = new Random(seed);
        for (int i = 0; i < CALLS; i++) {
            long[] arguments = random.longs(method.getParameterCount())
                    .map(v -> (v & 1) == 0 ? v >> (v & 63) : LanguageTest.INTERESTING[(int) (v >>> 1) % 40 & 31])
                    .toArray();
            assertThat(pair.inTheKernel(arguments))
                    .as(() -> "seed %d, arguments %s%n%s%n%s"
                            .formatted(
                                    seed,
                                    Arrays.toString(arguments),
                                    text(method, source),
                                    pair.program().code()))
                    .isEqualTo(pair.onTheJvm(arguments));
        }
        return true;
    }

    private static String text(Method method, String source) {
        int from = source.indexOf(" " + method.getName() + "(");
        return source.substring(source.lastIndexOf('\n', from) + 1, source.indexOf("\n    }\n", from) + 6);
    }

    // ---- javac in this process ----

    private static Class<?> load(String name, String source) throws ReflectiveOperationException, IOException {
        Path folder = Files.createTempDirectory("generated");
        try {
            Path file = Files.writeString(folder.resolve(name + ".java"), source);
            var messages = new StringWriter();
            var out = new PrintWriter(messages);
            int status = ToolProvider.findFirst("javac")
                    .orElseThrow()
                    .run(out, out, "-g", "-nowarn", "-Xlint:none", "-d", folder.toString(), file.toString());
            assertThat(status).as(() -> messages + source).isZero();
            CLASSES.put(name, Files.readAllBytes(folder.resolve(name + ".class")));
            Files.delete(folder.resolve(name + ".class"));
            Files.delete(file);
        } finally {
            Files.delete(folder);
        }
        return new ClassLoader(GeneratedMethodsTest.class.getClassLoader()) {
            @Override
            protected Class<?> findClass(String wanted) {
                byte[] bytes = CLASSES.get(wanted);
                return defineClass(wanted, bytes, 0, bytes.length);
            }
        }.loadClass(name);
    }
}
