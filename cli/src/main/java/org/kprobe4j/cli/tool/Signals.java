package org.kprobe4j.cli.tool;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * While open, signals are handed over instead of ending this JVM. What this process was started to ignore stays ignored. The JDK's only
 * way to do that is {@code sun.misc.Signal}; by reflection, since naming it is a compiler warning that cannot be silenced.
 */
final class Signals implements AutoCloseable {
    /** What ends a run: Ctrl-C, kill, the terminal's end; PIPE is what a VM gets when nobody reads its output any more. */
    private static final List<String> NAMES = List.of("INT", "TERM", "HUP", "PIPE", "WINCH");

    private record Previous(Object signal, Object handler) {}

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

    private Signals() {}

    /** Hands signals over by name, on a thread of the JVM's own. */
    static Signals divert(Consumer<String> to) {
        var signals = new Signals();
        for (String name : NAMES) {
            try {
                signals.install(name, to);
            } catch (ReflectiveOperationException | IllegalArgumentException e) {
                // A runtime without jdk.unsupported, or with -Xrs: the signal does what it always does.
            }
        }
        return signals;
    }

    private void install(String name, Consumer<String> to) throws ReflectiveOperationException {
        Class<?> type = Class.forName("sun.misc.Signal");
        Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
        Object handler = Proxy.newProxyInstance(
                handlerType.getClassLoader(), new Class<?>[] {handlerType}, new Diversion(name, to));
        Object signal = type.getConstructor(String.class).newInstance(name);
        previous.add(
                new Previous(signal, type.getMethod("handle", type, handlerType).invoke(null, signal, handler)));
    }

    @Override
    public void close() {
        for (Previous p : previous) {
            try {
                Class<?> type = p.signal().getClass();
                Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
                type.getMethod("handle", type, handlerType).invoke(null, p.signal(), p.handler());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
