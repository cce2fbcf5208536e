package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Events of several types, the ways to take them, and what is refused: on a simulated kernel. */
class RingBufferTest {
    sealed interface Event {}

    record Opened(int pid, String name) implements Event {}

    sealed interface Ended extends Event {}

    record Closed(int pid) implements Ended {}

    record Killed(int pid, long signal) implements Ended {}

    private final SimulatedKernel kernel = SimulatedKernel.open();

    @AfterEach
    void close() {
        kernel.close();
    }

    private static RingBuffer<Event> three() {
        RingBuffer<Event> events = RingBuffer.of(Event.class);
        events.emit(new Opened(1, "a"));
        events.emit(new Killed(2, 9));
        events.emit(new Closed(3));
        return events;
    }

    private static String said(Event event) {
        return switch (event) {
            case Opened opened -> opened.pid() + " opened " + opened.name();
            case Closed closed -> closed.pid() + " closed";
            case Killed killed -> killed.pid() + " killed by " + killed.signal();
        };
    }

    @Test
    void events_of_several_types_come_in_one_order() {
        var events = three();
        assertThat(kernel.events(events)).containsExactly(new Opened(1, "a"), new Killed(2, 9), new Closed(3));
        List<String> seen = new ArrayList<>();
        events.forEach(event -> seen.add(said(event)));
        assertThat(seen).containsExactly("1 opened a", "2 killed by 9", "3 closed");
    }

    @Test
    void a_consumer_that_fails_gets_the_records_after_it() {
        var events = three();
        List<String> seen = new ArrayList<>();
        events.forEach(event -> {
            if (event instanceof Killed) {
                throw new AssertionError("not this one");
            }
            seen.add(said(event));
        });
        assertThat(seen).containsExactly("1 opened a", "3 closed");
    }

    @Test
    void no_consumer_takes_no_records() {
        var events = three();
        assertThatThrownBy(() -> events.forEach(null)).isInstanceOf(NullPointerException.class);
        assertThat(events.poll()).isEqualTo(new Opened(1, "a"));
    }

    @Test
    void polled() throws InterruptedException {
        var events = three();
        assertThat(events.poll()).isEqualTo(new Opened(1, "a"));
        assertThat(events.poll(Duration.ofDays(1))).isEqualTo(new Killed(2, 9));
        var rest = new ArrayList<Event>();
        assertThat(events.drainTo(rest)).isOne();
        assertThat(rest).containsExactly(new Closed(3));
        assertThat(events.poll()).isNull();
        assertThat(events.poll(Duration.ofDays(1))).isNull();
    }

    @Test
    void a_stream_is_lazy_and_ends_with_what_is_there() {
        var events = three();
        try (Stream<Event> first = events.stream()) {
            assertThat(first.limit(1)).containsExactly(new Opened(1, "a"));
        }
        assertThat(events.poll()).isEqualTo(new Killed(2, 9));
        assertThat(events.stream().filter(Ended.class::isInstance)).containsExactly(new Closed(3));
        assertThat(events.stream()).isEmpty();
    }

    @Test
    void one_way_of_consuming_at_a_time() {
        var pushed = RingBuffer.of(Closed.class);
        pushed.forEach(_ -> {});
        String byForEach = "RingBuffer<Closed> is consumed by forEach already: one way of consuming at a time";
        wrong(pushed::poll, byForEach);
        wrong(() -> pushed.poll(Duration.ZERO), byForEach);
        wrong(pushed::stream, byForEach);
        wrong(() -> pushed.drainTo(new ArrayList<>()), byForEach);
        wrong(() -> pushed.forEach(_ -> {}), byForEach);
        var polled = RingBuffer.of(Closed.class);
        assertThat(polled.poll()).isNull();
        wrong(
                () -> polled.forEach(_ -> {}),
                "RingBuffer<Closed> is consumed by poll or stream already: one way of consuming at a time");
        var streamed = RingBuffer.of(Closed.class);
        Stream<Closed> stream = streamed.stream();
        wrong(
                streamed::poll,
                "RingBuffer<Closed> is consumed as a stream already: one way of consuming at a time; close the stream first");
        stream.close();
        assertThat(streamed.poll()).isNull();
    }

    @Test
    void closed() {
        var events = RingBuffer.of(Closed.class);
        events.close();
        events.close();
        String closed = "RingBuffer<Closed> is closed";
        wrong(() -> events.emit(new Closed(1)), closed);
        wrong(events::poll, closed);
        wrong(() -> events.poll(Duration.ZERO), closed);
        wrong(events::stream, closed);
        wrong(() -> events.drainTo(new ArrayList<>()), closed);
        wrong(() -> events.forEach(_ -> {}), closed);
    }

    private static void wrong(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessage(message);
    }

    // ---- what cannot be sent ----

    interface Open {}

    sealed interface Mixed {}

    record Fine(int n) implements Mixed {}

    enum Odd implements Mixed {
        ONE
    }

    sealed interface Leaky {}

    non-sealed interface Leak extends Leaky {}

    record Drop(int n) implements Leak {}

    record Arrays(int[] numbers) {}

    record Faces(CharSequence text) {}

    record Big(@MaxBytes(4096) String text) {}

    record Wide(@MaxBytes(4096) String text, int more) implements Large {}

    record Slim(int n) implements Large {}

    sealed interface Large {}

    @Test
    void what_is_no_event() {
        refused(
                () -> RingBuffer.of(String.class),
                "an event is a record, or a sealed interface of records; String is neither: put what is to be sent into a record");
        refused(
                () -> RingBuffer.of(Open.class),
                "an event is a record, or a sealed interface of records; Open is neither: seal it (sealed interface Open) and let records implement it");
        refused(
                () -> RingBuffer.of(Mixed.class),
                "the sealed interface Mixed permits Odd, which is no record: a ring buffer takes records only");
        refused(
                () -> RingBuffer.of(Leaky.class),
                "the sealed interface Leaky permits Leak, which is no record: a ring buffer takes records only");
        String uses =
                " has no layout in the kernel; use boolean, byte, short, char, int, long, String, an enum, an InetAddress, a KernelStack, a UserStack, PtRegs or a record of them";
        refused(() -> RingBuffer.of(Arrays.class), "record Arrays: component numbers of type int[]" + uses);
        refused(() -> RingBuffer.of(Faces.class), "record Faces: component text of type CharSequence" + uses);
    }

    @Test
    void sizes() {
        String power = "a ring buffer of %d bytes: the size must be a power of two, at least a page of 4096";
        for (int size : new int[] {-4096, 0, 1, 2048, 4097, 12288}) {
            refused(() -> RingBuffer.of(Closed.class, size), power.formatted(size));
        }
        refused(
                () -> RingBuffer.of(Closed.class, 1 << 30),
                "a ring buffer of 1073741824 bytes: the size must be at most 536870912");
        refused(
                () -> RingBuffer.of(Big.class, 4096),
                "a ring buffer of 4096 bytes has no room for one Big, which takes 4104 with its header; make it 8192 bytes");
        refused(
                () -> RingBuffer.of(Large.class, 4096),
                "a ring buffer of 4096 bytes has no room for one Wide, which takes 4120 with its header; make it 8192 bytes");
        try (var events = RingBuffer.of(Big.class, 8192)) {
            events.emit(new Big("it fits"));
            assertThat(events.poll()).isEqualTo(new Big("it fits"));
        }
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(UsageException.class).hasMessage(message);
    }
}
