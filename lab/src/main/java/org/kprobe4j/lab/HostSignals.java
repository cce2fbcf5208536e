package org.kprobe4j.lab;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * While open, the signals that a terminal or a supervisor sends to this JVM are handed over instead of ending it.
 *
 * <p>The JDK's only way to do that is {@code sun.misc.Signal}; by reflection, since naming it is a compiler warning that
 * cannot be silenced.
 */
final class HostSignals implements AutoCloseable {
    private record Previous(Object signal, Object handler) {}

    /** What is installed as the handler; the JVM calls {@code handle} and nothing else. */
    private record Diversion(String name, Consumer<String> to) implements InvocationHandler {
        @Override
        public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] args) throws Throwable {
            if (method.getDeclaringClass() == Object.class) {
                return method.invoke(this, args);
            }
            to.accept(name);
            return null;
        }
    }

    private final List<Previous> previous = new ArrayList<>();
    private final Method handle;

    private HostSignals(Method handle) {
        this.handle = handle;
    }

    static HostSignals divert(Consumer<String> to) {
        try {
            Class<?> signalClass = Class.forName("sun.misc.Signal");
            Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
            Constructor<?> constructor = signalClass.getConstructor(String.class);
            HostSignals signals = new HostSignals(signalClass.getMethod("handle", signalClass, handlerClass));
            for (String name : List.of("INT", "TERM", "HUP")) {
                Object handler = Proxy.newProxyInstance(
                        HostSignals.class.getClassLoader(), new Class<?>[] {handlerClass}, new Diversion(name, to));
                signals.install(constructor.newInstance(name), handler);
            }
            return signals;
        } catch (ReflectiveOperationException e) {
            throw new LabException("lab: this Java runtime lacks the module jdk.unsupported; use a full JDK", e);
        }
    }

    private void install(Object signal, Object handler) throws ReflectiveOperationException {
        try {
            previous.add(new Previous(signal, handle.invoke(null, signal, handler)));
        } catch (InvocationTargetException e) {
            // The JVM keeps this signal to itself (-Xrs): it will end us, and so the guest.
        }
    }

    @Override
    public void close() {
        try {
            for (Previous p : previous) {
                handle.invoke(null, p.signal(), p.handler());
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
