package org.kprobe4j;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import org.jspecify.annotations.Nullable;

/** Private data as the kernel makes it: memory that is zero. No initialiser of the class runs there. */
final class SimulatedData {
    private SimulatedData() {}

    static <D> D zero(Class<D> type) {
        try {
            Constructor<D> constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            D data = constructor.newInstance();
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !Modifier.isFinal(field.getModifiers())) {
                    field.setAccessible(true);
                    field.set(data, zeroOf(field.getType()));
                }
            }
            return data;
        } catch (ReflectiveOperationException | InaccessibleObjectException e) {
            throw new UsageException(
                    "private data of class %s cannot be made: it needs a constructor without parameters (a class inside another must be static), and its package open to org.kprobe4j"
                            .formatted(type.getSimpleName()));
        }
    }

    private static @Nullable Object zeroOf(Class<?> type) {
        return Array.get(Array.newInstance(type, 1), 0);
    }
}
