package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;

/** A class of random methods, translated by javac in this process. The same seed gives the same class and the same arguments. */
final class GeneratedClass {
    private static final int CALLS = 12;

    private final String name;
    private final long seed;
    private final String source;
    private final byte[] bytes;
    private final List<Method> methods = new ArrayList<>();

    private GeneratedClass(String name, long seed, String source, byte[] bytes) {
        this.name = name;
        this.seed = seed;
        this.source = source;
        this.bytes = bytes;
    }

    static GeneratedClass of(String name, long seed, int methods) throws ReflectiveOperationException, IOException {
        return of(name, seed, 1, methods).getFirst();
    }

    /** Several classes, compiled together, which takes much less time; the first one's seed, and those that follow it. */
    static List<GeneratedClass> of(String name, long seed, int classes, int methods)
            throws ReflectiveOperationException, IOException {
        var sources = new LinkedHashMap<String, String>();
        for (int i = 0; i < classes; i++) {
            String one = name + i;
            sources.put(one, new MethodGenerator(seed + i).generate(one, methods));
        }
        Map<String, byte[]> compiled = compile(sources);
        var all = new ArrayList<GeneratedClass>();
        for (String one : sources.keySet()) {
            var generated = new GeneratedClass(one, seed + all.size(), sources.get(one), compiled.get(one));
            Class<?> type = generated.load();
            for (int i = 0; i < methods; i++) {
                generated.methods.add(method(type, "m" + i));
            }
            all.add(generated);
        }
        return all;
    }

    List<Method> methods() {
        return methods;
    }

    /** Class files for the compiler: this one, and those of the tests and the JDK. */
    byte @Nullable [] classFile(String internalName) {
        return internalName.equals(name) ? bytes : LanguageTest.classFile(internalName);
    }

    /** Arguments for some calls: random ones of every magnitude, among them values where arithmetic turns. */
    List<long[]> arguments(Method method) {
        var random = new Random(seed);
        var calls = new ArrayList<long[]>();
        for (int i = 0; i < CALLS; i++) {
            calls.add(random.longs(method.getParameterCount())
                    .map(v -> (v & 1) == 0 ? v >> (v & 63) : LanguageTest.INTERESTING[(int) (v >>> 1) % 40 & 31])
                    .toArray());
        }
        return calls;
    }

    /** The seed and the method, for a message. */
    String describe(Method method) {
        int from = source.indexOf(" " + method.getName() + "(");
        return "seed %d%n%s"
                .formatted(
                        seed,
                        source.substring(source.lastIndexOf('\n', from) + 1, source.indexOf("\n    }\n", from) + 6));
    }

    private static Method method(Class<?> type, String name) {
        Method found = Arrays.stream(type.getDeclaredMethods())
                .filter(m -> m.getName().equals(name))
                .findFirst()
                .orElseThrow();
        found.setAccessible(true);
        return found;
    }

    private static Map<String, byte[]> compile(Map<String, String> sources) throws IOException {
        Path folder = Files.createTempDirectory("generated");
        try {
            var words = new ArrayList<>(List.of("-g", "-nowarn", "-Xlint:none", "-d", folder.toString()));
            for (var source : sources.entrySet()) {
                Path file = Files.writeString(folder.resolve(source.getKey() + ".java"), source.getValue());
                words.add(file.toString());
            }
            var messages = new StringWriter();
            var out = new PrintWriter(messages);
            int status = ToolProvider.findFirst("javac").orElseThrow().run(out, out, words.toArray(String[]::new));
            assertThat(status).as(() -> messages + sources.toString()).isZero();
            var bytes = new HashMap<String, byte[]>();
            for (String name : sources.keySet()) {
                bytes.put(name, Files.readAllBytes(folder.resolve(name + ".class")));
            }
            return bytes;
        } finally {
            for (String name : sources.keySet()) {
                Files.deleteIfExists(folder.resolve(name + ".class"));
                Files.deleteIfExists(folder.resolve(name + ".java"));
            }
            Files.delete(folder);
        }
    }

    private Class<?> load() throws ClassNotFoundException {
        return new ClassLoader(GeneratedClass.class.getClassLoader()) {
            @Override
            protected Class<?> findClass(String wanted) throws ClassNotFoundException {
                if (!wanted.equals(name)) {
                    throw new ClassNotFoundException(wanted);
                }
                return defineClass(wanted, bytes, 0, bytes.length);
            }
        }.loadClass(name);
    }
}
