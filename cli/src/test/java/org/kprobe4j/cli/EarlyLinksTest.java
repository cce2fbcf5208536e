package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The same class as javac made it and with its links written out: both do the same. */
class EarlyLinksTest {
    sealed interface Shape {}

    record Circle(double radius, float hue) implements Shape {}

    record Box(long width, int height, short depth, byte kind, char letter, boolean filled) implements Shape {}

    record Named(String name, Object extra, int[] array) implements Shape {}

    /** A switch with guards, with null, with a default, and one in an interface. */
    interface Asked {
        static String kind(Object value) {
            return switch (value) {
                case null -> "nothing";
                case Box box when box.width() > 5 && box.height() > 5 -> "large box";
                case Box box when box.filled() -> "filled box";
                case Box _ -> "box";
                case CharSequence text when text.isEmpty() -> "empty";
                case String text -> "text " + text;
                case CharSequence _ -> "characters";
                case int[] array -> "array of " + array.length;
                case Shape _ -> "shape";
                default -> value.getClass().getSimpleName();
            };
        }
    }

    /** Holds the answers, so that they are asked inside one loader. */
    static final class Answers {
        private static final int[] ARRAY = {1, 2};

        static List<Object> all() {
            List<Object> values = Arrays.asList(
                    null,
                    new Box(1, 2, (short) 3, (byte) 4, '5', true),
                    new Box(1, 2, (short) 3, (byte) 4, '5', false),
                    new Box(1, 2, (short) 3, (byte) 4, '6', false),
                    new Box(9, 9, (short) -3, (byte) -4, '5', false),
                    new Circle(0.0, Float.NaN),
                    new Circle(-0.0, Float.NaN),
                    new Circle(Double.NaN, 1),
                    new Named("a", null, ARRAY),
                    new Named("a", List.of(1), ARRAY),
                    new Named(null, List.of(1), new int[] {1, 2}),
                    "",
                    "a",
                    new StringBuilder("b"),
                    ARRAY,
                    7L);
            var answers = new ArrayList<Object>();
            for (Object one : values) {
                answers.add(Asked.kind(one));
                for (Object other : values) {
                    answers.add(one != null && one.equals(other));
                }
                if (one instanceof Circle || one instanceof Box) {
                    answers.add(one.hashCode());
                    answers.add(one.toString());
                }
            }
            answers.add(new Named("a", List.of(1), ARRAY).equals(new Named("a", List.of(1), ARRAY)));
            answers.add(new Circle(Double.NaN, 2).equals(new Circle(Double.NaN, 2)));
            answers.add(new Named("a", List.of(1), null).hashCode());
            return answers;
        }
    }

    private static byte[] bytes(Class<?> type) throws Exception {
        try (InputStream in = type.getResourceAsStream(type.getName().replaceFirst(".*\\.", "") + ".class")) {
            return in.readAllBytes();
        }
    }

    private static long links(byte[] bytes) {
        return ClassFile.of().parse(bytes).methods().stream()
                .flatMap(method -> method.code().stream())
                .flatMap(code -> code.elementStream())
                .filter(element -> element instanceof InvokeDynamicInstruction place
                        && !place.name().equalsString("toString")
                        && !place.bootstrapMethod().methodName().startsWith("makeConcat"))
                .count();
    }

    @Test
    @SuppressWarnings("unchecked")
    void classesDoTheSameWithoutTheLinks() throws Exception {
        var written = new HashMap<String, byte[]>();
        for (Class<?> type : List.of(Asked.class, Box.class, Circle.class, Named.class)) {
            assertThat(links(bytes(type))).as("%s as javac made it", type).isPositive();
        }
        // The nest's host and the sealed interface belong to the loader of the others.
        for (Class<?> type : List.of(
                EarlyLinksTest.class, Shape.class, Answers.class, Asked.class, Box.class, Circle.class, Named.class)) {
            byte[] rewritten = EarlyLinks.of(bytes(type));
            written.put(type.getName(), rewritten);
            assertThat(ClassFile.of().verify(rewritten)).isEmpty();
            if (type != EarlyLinksTest.class) {
                assertThat(links(rewritten)).as("%s written out", type).isZero();
            }
        }
        var loader = new Loader(Map.copyOf(written));
        Method all = loader.loadClass(Answers.class.getName()).getDeclaredMethod("all");
        all.setAccessible(true);
        assertThat((List<Object>) all.invoke(null)).isEqualTo(Answers.all());
    }

    @Test
    void aClassWithoutSuchLinksStaysAsItIs() throws Exception {
        byte[] original = bytes(Answers.class);
        assertThat(EarlyLinks.of(original)).isSameAs(original);
    }

    private static final class Loader extends ClassLoader {
        private final Map<String, byte[]> classes;

        Loader(Map<String, byte[]> classes) {
            super(EarlyLinksTest.class.getClassLoader());
            this.classes = classes;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            byte[] bytes = classes.get(name);
            if (bytes == null) {
                return super.loadClass(name, resolve);
            }
            Class<?> known = findLoadedClass(name);
            return known != null ? known : defineClass(name, bytes, 0, bytes.length);
        }
    }

    /** The form that a cache of classes takes: Java 8's, with stack maps, by which the JVM verifies the code. */
    @Test
    void anOldClassGetsStackMapsAndDoesWhatItDid() throws Exception {
        var loader = new ClassLoader(EarlyLinksTest.class.getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                if (!name.startsWith("picocli.")) {
                    return super.loadClass(name, resolve);
                }
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? rewritten(name) : loaded;
            }

            private Class<?> rewritten(String name) throws ClassNotFoundException {
                try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                    byte[] old = in.readAllBytes();
                    assertThat(ClassFile.of().parse(old).majorVersion()).isEqualTo(ClassFile.JAVA_5_VERSION);
                    byte[] bytes = EarlyLinks.of(old);
                    assertThat(ClassFile.of().parse(bytes).majorVersion()).isEqualTo(ClassFile.JAVA_8_VERSION);
                    return defineClass(name, bytes, 0, bytes.length);
                } catch (IOException e) {
                    throw new ClassNotFoundException(name, e);
                }
            }
        };
        String shown = (String) usage(loader.loadClass("picocli.CommandLine"));
        assertThat(shown).isEqualTo(usage(picocli.CommandLine.class)).startsWith("Usage: tried <words>...");
    }

    /** The help of a command with a list of parameters, made by reflection: the class may be any loader's. */
    private static Object usage(Class<?> commandLine) throws ReflectiveOperationException {
        ClassLoader loader = commandLine.getClassLoader();
        Class<?> specType = loader.loadClass("picocli.CommandLine$Model$CommandSpec");
        Class<?> parameterType = loader.loadClass("picocli.CommandLine$Model$PositionalParamSpec");
        Object builder = parameterType.getMethod("builder").invoke(null);
        for (var setting : Map.<String, Object>of("paramLabel", "<words>", "type", List.class, "arity", "1..*")
                .entrySet()) {
            Class<?> type = setting.getValue() instanceof String ? String.class : Class.class;
            Method set = builder.getClass().getMethod(setting.getKey(), type);
            set.setAccessible(true); // declared by a class that is not public
            set.invoke(builder, setting.getValue());
        }
        Object spec = specType.getMethod("create").invoke(null);
        specType.getMethod("name", String.class).invoke(spec, "tried");
        Object parameter = builder.getClass().getMethod("build").invoke(builder);
        specType.getMethod("addPositional", parameterType).invoke(spec, parameter);
        Object made = commandLine.getConstructor(Object.class).newInstance(spec);
        return commandLine.getMethod("getUsageMessage").invoke(made);
    }
}
