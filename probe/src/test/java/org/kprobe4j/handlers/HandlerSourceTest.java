package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kprobe;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;

/** Handlers whose bytecode cannot be had: each is said at once, with what to do. */
class HandlerSourceTest {
    private final Handlers handlers = new Handlers();

    /** A handler of a class that its loader made of bytes, and does not show again. */
    public static final class Hidden {
        /** The handler. */
        public static final PreHandler HANDLER = (p, regs) -> (int) regs.arg(0);

        private Hidden() {}
    }

    private static final class Loader extends ClassLoader {
        Loader() {
            super(HandlerSourceTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.equals(Hidden.class.getName())) {
                return super.loadClass(name, resolve);
            }
            byte[] bytes = LanguageTest.classFile(name.replace('.', '/'));
            if (bytes == null) {
                throw new ClassNotFoundException(name);
            }
            return defineClass(name, bytes, 0, bytes.length);
        }

        @Override
        public @Nullable InputStream getResourceAsStream(String name) {
            return null;
        }
    }

    @Test
    void a_class_whose_loader_does_not_show_its_bytes() throws ReflectiveOperationException {
        var handler = (PreHandler) new Loader()
                .loadClass(Hidden.class.getName())
                .getField("HANDLER")
                .get(null);
        assertThat(Refusals.message(() -> handlers.pre(handler)))
                .isEqualTo(
                        "HandlerSourceTest.java: the class file of HandlerSourceTest.Hidden cannot be found through its class loader, so it cannot be compiled for the kernel");
    }

    @Test
    @SuppressWarnings("Convert2Lambda")
    void an_anonymous_class() {
        var handler = new PreHandler() {
            private static final long serialVersionUID = 1L;

            @Override
            public int handle(Kprobe p, PtRegs regs) {
                return 0;
            }
        };
        assertThatThrownBy(() -> handlers.pre(handler))
                .hasMessage(
                        "%s is not a lambda or method reference, so its bytecode cannot be found; write the handler as a lambda",
                        handler.getClass().getName());
    }

    @Test
    void a_proxy() {
        var handler = (PreHandler) Proxy.newProxyInstance(
                HandlerSourceTest.class.getClassLoader(), new Class<?>[] {PreHandler.class}, (_, _, _) -> 0);
        assertThatThrownBy(() -> handlers.pre(handler))
                .hasMessage(
                        "%s is not a lambda or method reference, so its bytecode cannot be found; write the handler as a lambda",
                        handler.getClass().getName());
    }
}
