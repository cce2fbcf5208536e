package org.kprobe4j;

import java.lang.invoke.MethodHandles;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what is kept for a structure, for arguments or for variables, through the interface that names it. */
abstract class SimulatedReader implements InvocationHandler {
    final SimulatedMemory memory;
    private final boolean user;

    SimulatedReader(SimulatedMemory memory, boolean user) {
        this.memory = memory;
        this.user = user;
    }

    /** A structure at an address. */
    static final class Structure extends SimulatedReader {
        private final long address;
        private final Class<?> type;
        private final boolean inUserMemory;

        Structure(SimulatedMemory memory, long address, Class<?> type, boolean user) {
            super(memory, user);
            this.address = address;
            this.type = type;
            this.inUserMemory = user;
        }

        @Override
        Map<String, Object> fields(Method accessor) {
            SimulatedMemory.Made made = memory.at(address, inUserMemory);
            if (made == null) {
                throw new SimulatedFault("read of %s at an address that is not mapped".formatted(accessor.getName()));
            }
            if (!made.name().equals(SimulatedMemory.name(type))) {
                throw new UsageException("at 0x%x is a struct %s; the handler reads it as a struct %s"
                        .formatted(address, made.name(), SimulatedMemory.name(type)));
            }
            return made.fields();
        }

        @Override
        @Nullable
        Object own(Method method, @Nullable Object @Nullable [] arguments) {
            return switch (method.getName()) {
                case "isNull" -> address == 0;
                case "address" -> address;
                case "hashCode" -> Long.hashCode(address);
                case "toString" -> "%s at 0x%x".formatted(type.getSimpleName(), address);
                case "equals" ->
                    arguments != null && arguments[0] instanceof KernelStruct other && other.address() == address;
                default -> null;
            };
        }
    }

    /** Arguments or variables: always there. */
    static final class Named extends SimulatedReader {
        private final Map<String, Object> fields;
        private final boolean makesStructures;

        /** Variables that are structures exist; arguments that point to one may be null. */
        Named(SimulatedMemory memory, Map<String, Object> fields, boolean makesStructures) {
            super(memory, false);
            this.fields = fields;
            this.makesStructures = makesStructures;
        }

        @Override
        Map<String, Object> fields(Method accessor) {
            Class<?> type = accessor.getReturnType();
            boolean isSingle = accessor.getParameterCount() == 0;
            if (makesStructures && isSingle && KernelStruct.class.isAssignableFrom(type)) {
                fields.computeIfAbsent(
                        SimulatedFields.key(accessor, null, memory::cpu),
                        _ -> memory.make(type.asSubclass(KernelStruct.class), false)
                                .address());
            }
            return fields;
        }

        @Override
        @Nullable
        Object own(Method method, @Nullable Object @Nullable [] arguments) {
            return switch (method.getName()) {
                case "hashCode" -> System.identityHashCode(fields);
                case "toString" -> fields.toString();
                case "equals" -> false;
                default -> null;
            };
        }
    }

    /** What is set; a fault if nothing is there. */
    abstract Map<String, Object> fields(Method accessor);

    /** A method that reads nothing; null if this is none. */
    abstract @Nullable Object own(Method method, @Nullable Object @Nullable [] arguments);

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
        Object own = own(method, arguments);
        return own != null ? own : read(method, arguments);
    }

    private @Nullable Object read(Method accessor, @Nullable Object @Nullable [] arguments) {
        try {
            Map<String, Object> fields = fields(accessor);
            Object raw = fields.get(SimulatedFields.key(accessor, arguments, memory::cpu));
            if (raw == null && arguments != null) {
                raw = element(fields.get(SimulatedFields.name(accessor)), arguments[0]);
            }
            return value(accessor, raw);
        } catch (SimulatedFault fault) {
            OnFault otherwise = accessor.getAnnotation(OnFault.class);
            if (otherwise == null) {
                throw fault;
            }
            memory.passed(fault);
            return accessor.getReturnType() == String.class ? "" : value(accessor, otherwise.value());
        }
    }

    /** An element of what was set as a whole. */
    private static @Nullable Object element(@Nullable Object whole, @Nullable Object index) {
        Object array = whole instanceof String text ? (text + "\0").getBytes(StandardCharsets.UTF_8) : whole;
        if (array == null || !array.getClass().isArray() || !(index instanceof Number number)) {
            return null;
        }
        int length = Array.getLength(array);
        if (Long.compareUnsigned(number.longValue(), length) >= 0) {
            throw new ArrayIndexOutOfBoundsException(
                    "Index %d out of bounds for length %d".formatted(number.longValue(), length));
        }
        return switch (Array.get(array, number.intValue())) {
            case KernelStruct structure -> structure.address();
            case Character letter -> (long) letter;
            case Boolean flag -> flag ? 1L : 0L;
            case Number element -> element.longValue();
            case null -> null;
            case Object other -> other;
        };
    }

    private @Nullable Object value(Method accessor, @Nullable Object raw) {
        Class<?> type = accessor.getReturnType();
        if (KernelStruct.class.isAssignableFrom(type)) {
            long address = raw instanceof Long bits ? bits : 0;
            return memory.view(
                    address,
                    type.asSubclass(KernelStruct.class),
                    user || accessor.isAnnotationPresent(UserMemory.class));
        } else if (type.isPrimitive()) {
            return SimulatedFields.ofType(type, memory.number(accessor, raw == null ? 0L : raw));
        } else if (raw == null) {
            throw new UsageException("%s.%s is not set; set what the handler is to read, as 0 is no %s"
                    .formatted(accessor.getDeclaringClass().getSimpleName(), accessor.getName(), type.getSimpleName()));
        } else if (raw instanceof String text) {
            return whole(accessor, text);
        } else if (type.isEnum() && raw instanceof Long number) {
            return memory.constant(type, number);
        } else if (!type.isInstance(raw)) {
            throw new UsageException("%s.%s is a %s; it was set to a %s"
                    .formatted(
                            accessor.getDeclaringClass().getSimpleName(),
                            accessor.getName(),
                            type.getSimpleName(),
                            raw.getClass().getSimpleName()));
        }
        return type.isArray() ? SimulatedFields.copy(raw) : raw;
    }

    /** How much of a longer text the kernel gives depends on its types, which are not known here. */
    private static String whole(Method accessor, String text) {
        MaxBytes most = accessor.getAnnotation(MaxBytes.class);
        int room = most == null ? 256 : most.value();
        if (text.getBytes(StandardCharsets.UTF_8).length >= room) {
            throw new UsageException("%s.%s gives less than %d bytes; set what is left of the text"
                    .formatted(accessor.getDeclaringClass().getSimpleName(), accessor.getName(), room));
        }
        return text;
    }

    /** Fields that are all zero. */
    static Map<String, Object> zero() {
        return new HashMap<>();
    }
}
