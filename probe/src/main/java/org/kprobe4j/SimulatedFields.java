package org.kprobe4j;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.KernelNames;

/**
 * The fields of a made-up structure, the arguments of a made-up call or the variables of a made-up kernel, to be set by the
 * accessors that read them.
 *
 * <pre>{@code
 * f -> f.set(File::fPos, 512L).set(File::slots, new int[] {1, 2}).set(x -> x.fd(3), file)
 * }</pre>
 *
 * @param <T> the interface that names them
 */
public final class SimulatedFields<T> {
    private final Class<T> type;
    private final Map<String, Object> fields;
    private final IntSupplier cpu;

    SimulatedFields(Class<T> type, Map<String, Object> fields, IntSupplier cpu) {
        this.type = type;
        this.fields = fields;
        this.cpu = cpu;
    }

    /** An accessor that was called, and under which name what it reads is kept. */
    private record Call(Method method, String key) {}

    /**
     * Sets a field.
     *
     * @param accessor reads the field: {@code TaskStruct::pid}, or an element of it: {@code t -> t.comm(3)}
     * @param value a number, a boolean, a text, an enum, an array, a structure (embedded or pointed to)
     * @param <V> its type
     * @return this
     * @throws UsageException if that is no field, or the field does not hold the value
     */
    public <V> SimulatedFields<T> set(Function<? super T, ? extends V> accessor, V value) {
        Call call = recorded(accessor);
        fields.put(call.key(), stored(call.method(), value));
        return this;
    }

    /** Under which name a field is kept: {@code slots}, of an element {@code slots[2]}. */
    static String key(Method accessor, @Nullable Object @Nullable [] arguments, IntSupplier cpu) {
        String name = name(accessor);
        if (arguments != null && arguments.length == 1 && arguments[0] instanceof Number index) {
            return "%s[%d]".formatted(name, index.longValue());
        }
        return accessor.isAnnotationPresent(PerCpu.class) ? "%s[%d]".formatted(name, cpu.getAsInt()) : name;
    }

    static String name(Method field) {
        Name name = field.getAnnotation(Name.class);
        return name != null ? name.value() : KernelNames.snakeCase(field.getName());
    }

    static Object proxy(Class<?> type, InvocationHandler handler) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
    }

    /** The one accessor that the function calls. */
    private Call recorded(Function<? super T, ?> accessor) {
        var called = new AtomicReference<@Nullable Call>();
        InvocationHandler recorder = (_, method, arguments) -> {
            if (method.isDefault() || !called.compareAndSet(null, new Call(method, key(method, arguments, cpu)))) {
                throw noField();
            }
            return ofType(method.getReturnType(), 0L);
        };
        try {
            var _ = accessor.apply(type.cast(proxy(type, recorder)));
        } catch (NullPointerException e) {
            throw noField();
        }
        Call call = called.get();
        if (call == null) {
            throw noField();
        }
        return call;
    }

    private UsageException noField() {
        return new UsageException(
                "name one field, by the accessor that reads it: set(%s::field, value)".formatted(type.getSimpleName()));
    }

    private static Object stored(Method field, Object value) {
        return switch (value) {
            case KernelStruct structure -> structure.address();
            case Boolean flag -> flag ? 1L : 0L;
            case Character letter -> (long) letter;
            case Number number -> fitting(field, number.longValue());
            default -> value.getClass().isArray() ? copy(value) : value;
        };
    }

    /** An array as it is now. */
    static Object copy(Object array) {
        int length = Array.getLength(array);
        Object copy = Array.newInstance(array.getClass().getComponentType(), length);
        System.arraycopy(array, 0, copy, 0, length);
        return copy;
    }

    private static long fitting(Method field, long value) {
        Class<?> type = field.getReturnType();
        long held = switch (type.getName()) {
            case "byte" -> (byte) value;
            case "short" -> (short) value;
            case "char" -> (char) value;
            case "int" -> (int) value;
            default -> value;
        };
        if (held != value) {
            throw new UsageException("%s does not hold %d".formatted(described(field), value));
        }
        return value;
    }

    private static String described(Method field) {
        return "%s.%s is %s and"
                .formatted(field.getDeclaringClass().getSimpleName(), field.getName(), field.getReturnType());
    }

    /** Bits as a primitive; null if the type is none. */
    static @Nullable Object ofType(Class<?> type, long bits) {
        return switch (type.getName()) {
            case "boolean" -> bits != 0;
            case "byte" -> (byte) bits;
            case "short" -> (short) bits;
            case "char" -> (char) bits;
            case "int" -> (int) bits;
            case "long" -> bits;
            default -> null;
        };
    }
}
