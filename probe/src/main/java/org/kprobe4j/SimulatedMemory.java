package org.kprobe4j;

import java.lang.invoke.MethodHandles;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.KernelNames;

/** The structures of a simulated kernel: each a set of fields at an address, seen through the interfaces that name them. */
final class SimulatedMemory {
    /** High in the address space, so that a register of a 32-bit machine holds such an address too, sign-extended. */
    private static final long FIRST = 0xffff_ffff_c000_0000L;

    private static final long DISTANCE = 0x1000;

    /** A structure by its kernel name, with the fields that were set: a Long, or an object that is no number. */
    private record Made(String name, Map<String, Object> fields) {}

    private record View(long address, Class<?> type) {}

    private final Map<Long, Made> structures = new HashMap<>();
    private final Map<View, KernelStruct> views = new HashMap<>();

    /** A structure all of whose fields are zero. */
    <T extends KernelStruct> T make(Class<T> type) {
        long address = FIRST + structures.size() * DISTANCE;
        T view = view(address, type);
        structures.put(address, new Made(name(type), new HashMap<>()));
        return view;
    }

    /**
     * Whatever is at an address, seen through an interface. There is one view for each address and interface: so {@code ==}
     * says what it says in the kernel.
     */
    <T extends KernelStruct> T view(long address, Class<T> type) {
        if (!type.isInterface()) {
            throw new UsageException("%s must be an interface that extends KernelStruct".formatted(name(type)));
        }
        return type.cast(
                views.computeIfAbsent(new View(address, type), view -> type.cast(proxy(type, new Reader(view)))));
    }

    private static Object proxy(Class<?> type, InvocationHandler handler) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
    }

    /** Sets the field that the accessor reads. */
    <T extends KernelStruct, V> void set(
            T structure, Class<T> type, Function<? super T, ? extends V> accessor, V value) {
        Method field = recorded(type, accessor);
        Made made = structures.get(structure.address());
        if (made == null) {
            throw new UsageException("there is no structure at 0x%x; make it with SimulatedKernel.struct"
                    .formatted(structure.address()));
        }
        made.fields().put(name(field), stored(field, value));
    }

    /** The one accessor that the function calls. */
    private static <T extends KernelStruct> Method recorded(Class<T> type, Function<? super T, ?> accessor) {
        var called = new AtomicReference<@Nullable Method>();
        InvocationHandler recorder = (_, method, _) -> {
            if (method.isDefault() || !called.compareAndSet(null, method)) {
                throw noField(type);
            }
            return ofType(method.getReturnType(), 0L);
        };
        try {
            var _ = accessor.apply(type.cast(proxy(type, recorder)));
        } catch (NullPointerException e) {
            throw noField(type);
        }
        Method method = called.get();
        if (method == null) {
            throw noField(type);
        }
        return method;
    }

    private static UsageException noField(Class<?> type) {
        return new UsageException(
                "name one field, by the accessor that reads it: set(%s::field, value)".formatted(type.getSimpleName()));
    }

    private static Object stored(Method field, Object value) {
        return switch (value) {
            case KernelStruct structure -> structure.address();
            case Boolean flag -> flag ? 1L : 0L;
            case Character letter -> (long) letter;
            case Number number -> fitting(field, number.longValue());
            default -> value;
        };
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
            throw new UsageException(
                    "%s.%s is %s and does not hold %d".formatted(simpleName(field), field.getName(), type, value));
        }
        return value;
    }

    private static String simpleName(Method field) {
        return field.getDeclaringClass().getSimpleName();
    }

    private static @Nullable Object ofType(Class<?> type, long bits) {
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

    private static String name(Class<?> type) {
        Name name = type.getAnnotation(Name.class);
        return name != null ? name.value() : KernelNames.snakeCase(type.getSimpleName());
    }

    private static String name(Method field) {
        Name name = field.getAnnotation(Name.class);
        return KernelNames.snakeCase(name != null ? name.value() : field.getName());
    }

    /** A register of a 32-bit machine may have lost the upper half of an address. */
    private @Nullable Made at(long address) {
        Made made = structures.get(address);
        return made == null && address >>> Integer.SIZE == 0 ? structures.get((long) (int) address) : made;
    }

    /** Reads of one structure through one interface. */
    private final class Reader implements InvocationHandler {
        private final View view;

        Reader(View view) {
            this.view = view;
        }

        @Override
        public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
                throws Throwable {
            if (method.isDefault()) {
                MethodHandles.Lookup lookup =
                        MethodHandles.privateLookupIn(method.getDeclaringClass(), MethodHandles.lookup());
                return lookup.unreflectSpecial(method, method.getDeclaringClass())
                        .bindTo(proxy)
                        .invokeWithArguments(arguments == null ? List.of() : Arrays.asList(arguments));
            }
            return switch (method.getName()) {
                case "isNull" -> view.address() == 0;
                case "address" -> view.address();
                case "hashCode" -> Long.hashCode(view.address());
                case "toString" -> "%s at 0x%x".formatted(view.type().getSimpleName(), view.address());
                case "equals" ->
                    arguments != null
                            && arguments[0] instanceof KernelStruct other
                            && other.address() == view.address();
                default -> read(method);
            };
        }

        private @Nullable Object read(Method field) {
            Made made = at(view.address());
            if (made == null) {
                throw new SimulatedFault("read of %s at an address that is not mapped".formatted(field.getName()));
            }
            if (!made.name().equals(name(view.type()))) {
                throw new UsageException("at 0x%x is a struct %s; the handler reads it as a struct %s"
                        .formatted(view.address(), made.name(), name(view.type())));
            }
            Object value = made.fields().getOrDefault(name(field), 0L);
            Class<?> type = field.getReturnType();
            if (!(value instanceof Long bits)) {
                return value;
            }
            return KernelStruct.class.isAssignableFrom(type)
                    ? view(bits, type.asSubclass(KernelStruct.class))
                    : ofType(type, bits);
        }
    }
}
