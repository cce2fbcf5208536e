package org.kprobe4j;

import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.ToIntFunction;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Programs;

/** Which Java objects stand for one of the kernel when a handler captures them. */
final class KernelObjects {
    /** Stands for the descriptor of what only handlers in the JVM can use. */
    static final int ON_THE_HEAP = -1;

    private KernelObjects() {}

    /** What handlers that capture an object need of it; nothing if it is an object like any other. */
    static Optional<Programs.Captured> captured(Object object) {
        return switch (object) {
            case RingBuffer<?> buffer -> Optional.of(buffer.captured());
            case KernelMap<?, ?> map -> Optional.of(map.captured());
            case PerCpuMap<?, ?> map -> Optional.of(map.captured());
            case KernelArray<?> array -> Optional.of(array.captured());
            case PerCpuArray<?> array -> Optional.of(array.captured());
            case KernelQueue<?> queue -> Optional.of(queue.captured());
            case TaskLocal<?> local -> Optional.of(local.captured());
            case Counter counter -> Optional.of(counter.captured());
            case Histogram histogram -> Optional.of(histogram.captured());
            case HistogramMap<?> map -> Optional.of(map.captured());
            case Summary summary -> Optional.of(summary.captured());
            case SummaryMap<?> map -> Optional.of(map.captured());
            default -> Optional.empty();
        };
    }

    /**
     * Of an object with one map. {@code what} names its class in messages, {@code use} what handlers do with it; {@code fd} gives the
     * map's descriptor, {@link #ON_THE_HEAP} if it has none.
     */
    static Programs.Captured captured(String what, KernelObject object, String use, IntSupplier fd) {
        return captured(what, object, _ -> {
            int open = fd.getAsInt();
            if (open == ON_THE_HEAP) {
                throw SimulatedKernel.onTheHeap(use);
            }
            return open;
        });
    }

    /** {@code fd} gives the descriptor of each of its maps. */
    static Programs.Captured captured(String what, KernelObject object, ToIntFunction<String> fd) {
        return new Programs.Captured() {
            @Override
            public KernelObject object() {
                return object;
            }

            @Override
            public int fd() {
                return fd(object.map());
            }

            @Override
            public int fd(String map) {
                return fd.applyAsInt(map);
            }

            @Override
            public String toString() {
                return what;
            }
        };
    }
}
