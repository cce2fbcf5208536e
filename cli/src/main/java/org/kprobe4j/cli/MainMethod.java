package org.kprobe4j.cli;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import org.jspecify.annotations.Nullable;

/** The method that starts a program, found as the Java launcher finds it (JEP 512): not private, and of an instance if need be. */
final class MainMethod {
    private final Class<?> launched;
    private final Method method;
    private final boolean takesArguments;

    private MainMethod(Class<?> launched, Method method, boolean takesArguments) {
        this.launched = launched;
        this.method = method;
        this.takesArguments = takesArguments;
    }

    /** Finds the method of a class. */
    static MainMethod of(ClassLoader classes, String name) throws ClassNotFoundException {
        return of(Class.forName(name, false, classes));
    }

    /** Finds the method: one with arguments goes before one without, also if it is inherited. */
    static MainMethod of(Class<?> type) {
        Method withArguments = find(type, String[].class);
        if (withArguments != null) {
            return new MainMethod(type, withArguments, true);
        }
        Method without = find(type);
        if (without != null) {
            return new MainMethod(type, without, false);
        }
        throw new KprobeException(type.getName() + " has no main method; add: void main(String[] args) { ... }");
    }

    private static @Nullable Method find(Class<?> type, Class<?>... parameters) {
        for (Class<?> declaring = type; declaring != null; declaring = declaring.getSuperclass()) {
            try {
                Method method = declaring.getDeclaredMethod("main", parameters);
                if (!Modifier.isPrivate(method.getModifiers()) && method.getReturnType() == void.class) {
                    return method;
                }
            } catch (NoSuchMethodException e) {
                // Perhaps the superclass has it.
            }
        }
        return null;
    }

    void invoke(String[] args) throws ReflectiveOperationException {
        method.setAccessible(true);
        Object receiver = Modifier.isStatic(method.getModifiers()) ? null : newInstance(launched);
        if (takesArguments) {
            method.invoke(receiver, (Object) args);
        } else {
            method.invoke(receiver);
        }
    }

    private static Object newInstance(Class<?> type) throws ReflectiveOperationException {
        try {
            Constructor<?> constructor = type.getDeclaredConstructor();
            if (Modifier.isPrivate(constructor.getModifiers())) {
                throw new NoSuchMethodException();
            }
            constructor.setAccessible(true);
            return constructor.newInstance();
        } catch (NoSuchMethodException | InstantiationException e) {
            throw new KprobeException(
                    type.getName()
                            + " has an instance main method, but no constructor without parameters that is not private; make main static");
        }
    }
}
