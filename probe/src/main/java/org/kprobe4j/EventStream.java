package org.kprobe4j;

import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** A stream of what a source gives, until it gives null. */
final class EventStream {
    private EventStream() {}

    /** {@code end} is called when the source gives no more, or when the stream is closed. */
    static <T> Stream<T> of(Supplier<@Nullable T> next, Runnable end) {
        var events =
                new Spliterators.AbstractSpliterator<T>(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL) {
                    @Override
                    public boolean tryAdvance(Consumer<? super T> action) {
                        T event = next.get();
                        if (event == null) {
                            end.run();
                            return false;
                        }
                        action.accept(event);
                        return true;
                    }

                    // Records come one after the other: to split them is to wait for them.
                    @Override
                    public @Nullable Spliterator<T> trySplit() {
                        return null;
                    }
                };
        return StreamSupport.stream(events, false).onClose(end);
    }
}
