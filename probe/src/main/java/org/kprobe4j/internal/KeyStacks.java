package org.kprobe4j.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.compiler.ElementLayout;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.compiler.StackKind;

/** The stacks in the keys of one map, if its keys have any: opened and closed with the map. Thread-safe. */
public final class KeyStacks implements AutoCloseable {
    /** Where in a key the numbers of stacks stand. */
    private final List<Integer> numbers = new ArrayList<>();

    private final boolean ofProcesses;
    private final StackBytes bytes = StackBytes.inKeys(this);
    private @Nullable StackStore store;
    private @Nullable ProcessWatch watch;

    KeyStacks(ElementLayout layout) {
        ofProcesses = layout.hasStack(StackKind.USER);
        if (layout instanceof ElementLayout.Stack stack) {
            numbers.add(stack.kind().numberOffset());
        } else if (layout instanceof ElementLayout.Composite composite) {
            addNumbers(composite.layout(), 0);
        }
    }

    private void addNumbers(RecordLayout layout, int base) {
        for (RecordLayout.Component component : layout.components()) {
            int offset = base + component.offset();
            component.parts().ifPresent(parts -> addNumbers(parts, offset));
            StackKind.of(component.type()).ifPresent(kind -> numbers.add(offset + kind.numberOffset()));
        }
    }

    /** Reads and writes them. */
    StackBytes bytes() {
        return bytes;
    }

    synchronized StackStore store() {
        StackStore open = store;
        if (open == null) {
            throw new IllegalStateException("the stacks of a map that is not open");
        }
        return open;
    }

    /** Makes room for them, then the map; neither stays if the other fails. */
    public synchronized <M> M open(String map, int maxEntries, Supplier<M> entries) {
        StackStore open = !numbers.isEmpty() ? StackStore.inTheKernel(map, maxEntries) : null;
        try {
            M made = entries.get();
            store = open;
            return made;
        } catch (RuntimeException e) {
            if (open != null) {
                open.close();
            }
            throw e;
        }
    }

    /** For handlers in the JVM. */
    public synchronized void openOnTheHeap(StackNames names) {
        store = !numbers.isEmpty() ? StackStore.onTheHeap(names) : null;
    }

    /** Has the keys read all the time, if they hold stacks of processes, so that these are seen while they live. */
    synchronized void watch(String map, Runnable readKeys) {
        watch = ofProcesses ? new ProcessWatch(map, KeyStacks::lookAtOurselves, readKeys) : null;
    }

    /** So that the classes and tables are there when the first short-lived process comes. */
    private static void lookAtOurselves() {
        var anywhere = new StackSymbols.Stack(List.of(1L), 0);
        var _ = StackNames.running().process((int) ProcessHandle.current().pid(), anywhere);
    }

    /** Descriptor of the map that holds them. */
    public int fd() {
        return store().fd();
    }

    /**
     * Refuses a key that cannot be made here.
     *
     * @throws IllegalArgumentException if its stack is none of this map's
     */
    public void requireKnown(byte[] key) {
        ByteBuffer content = ByteBuffer.wrap(key).order(ByteOrder.nativeOrder());
        if (numbers.stream().anyMatch(offset -> content.getInt(offset) == -Errno.ENOENT)) {
            throw new IllegalArgumentException(
                    "put: the key's stack is none of this map's; only handlers bring stacks into a map");
        }
    }

    @Override
    public void close() {
        ProcessWatch running;
        synchronized (this) {
            running = watch;
            watch = null;
        }
        if (running != null) {
            running.close();
        }
        synchronized (this) {
            if (store != null) {
                store.close();
            }
        }
    }
}
