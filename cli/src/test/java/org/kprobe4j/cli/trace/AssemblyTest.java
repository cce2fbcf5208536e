package org.kprobe4j.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.expression.Type.Numeric.Meaning;
import org.kprobe4j.cli.trace.Shown.Style;

/** What becomes of calls whose records came in part. */
class AssemblyTest {
    private static final Type ADDRESS = new Numeric(8, false, Meaning.ADDRESS);
    private static final long WANTED = 0xffffffff81000000L;
    private static final long PERHAPS = 0xffffffff82000000L;
    private static final FunctionView VIEW = new FunctionView(
            "f",
            List.of(
                    new Shown("name", ADDRESS, Style.DECIMAL, 0, 0),
                    new Shown("size", new Numeric(8, false, Meaning.PLAIN), Style.DECIMAL, 1, Shown.NONE)),
            new Numeric(4, true, Meaning.PLAIN));

    private final List<String> seen = new ArrayList<>();
    private final List<List<String>> lost = new ArrayList<>();
    private final Assembly assembly = new Assembly(this::accept);

    private void accept(Seen call) {
        seen.add(CallText.line(call, CallText.What.CALLS).toString());
        lost.add(call.lost(VIEW));
    }

    @BeforeEach
    void places() {
        assembly.place(WANTED, "f", VIEW, true);
        assembly.place(PERHAPS, "g", VIEW, false);
    }

    private static TraceEvent.Origin origin(long start, int depth, int tid) {
        return origin(start, WANTED, depth, tid);
    }

    private static TraceEvent.Origin origin(long start, long place, int depth, int tid) {
        return new TraceEvent.Origin(start, place, 1, depth, tid, tid, "cat");
    }

    private static TraceEvent.Words words(TraceEvent.Origin of, String text) {
        return new TraceEvent.Words(of, 0, text);
    }

    private static TraceEvent.Call call(TraceEvent.Origin of, int sent) {
        return new TraceEvent.Call(
                of.start(),
                100,
                of.place(),
                0,
                of.cpu(),
                (short) of.depth(),
                (short) sent,
                of.pid(),
                of.tid(),
                of.comm(),
                0x10,
                5,
                0,
                0,
                0,
                0,
                0,
                0);
    }

    @Test
    void records_of_a_call_are_put_together() {
        var one = origin(10, 0, 7);
        var other = origin(10, 0, 8);
        assembly.accept(words(one, "of the one"));
        assembly.accept(words(other, "of another task's"));
        assembly.accept(call(one, 1));
        assembly.accept(call(other, 1));
        assembly.accept(call(origin(20, 0, 7), 0));
        assertThat(seen)
                .containsExactly(
                        "f(name=\"of the one\", size=5) = 0 <100ns>",
                        "f(name=\"of another task's\", size=5) = 0 <100ns>",
                        "f(name=0x10, size=5) = 0 <100ns>");
        assertThat(assembly.calls()).isEqualTo(3);
        assertThat(assembly.partial()).isZero();
    }

    @Test
    void what_was_sent_and_did_not_come_is_lost() {
        var of = origin(10, 0, 7);
        assembly.accept(new TraceEvent.Call(
                10, 100, WANTED, 0, 1, (short) 0, (short) (1 | TraceEvent.STACK), 7, 7, "cat", 1, 5, 0, 0, 0, 0, 0, 0));
        assembly.accept(words(origin(20, 0, 7), "there"));
        assembly.accept(call(origin(20, 0, 7), 1));
        assertThat(of.depth()).isZero();
        assertThat(seen).containsExactly("f(name=<lost>, size=5) = 0 <100ns>", "f(name=\"there\", size=5) = 0 <100ns>");
        assertThat(lost).containsExactly(List.of("name", "stack"), null);
        assertThat(assembly.partial()).isOne();
    }

    @Test
    void a_call_whose_return_was_lost_is_shown_when_its_task_is_elsewhere() {
        assembly.accept(words(origin(10, 0, 7), "outer"));
        assembly.accept(words(origin(20, 1, 7), "inner"));
        assembly.accept(words(origin(30, 0, 8), "of another task's"));
        assertThat(seen).isEmpty();
        assembly.accept(call(origin(40, 1, 7), 0));
        assembly.accept(call(origin(10, 0, 7), 1));
        assertThat(seen)
                .containsExactly(
                        "f(name=\"inner\", size=<lost>) = <lost>",
                        "f(name=0x10, size=5) = 0 <100ns>",
                        "f(name=\"outer\", size=5) = 0 <100ns>");
        assertThat(lost.getFirst()).containsExactly("size", "return");
        assertThat(assembly.calls()).isEqualTo(2);
        assertThat(assembly.withoutReturn()).isOne();
        assembly.end(true);
        assertThat(seen).last().isEqualTo("f(name=\"of another task's\", size=<lost>) = <lost>");
        assertThat(assembly.withoutReturn()).isEqualTo(2);
    }

    @Test
    void a_call_that_may_not_be_wanted_is_not_shown_without_its_return() {
        assembly.accept(words(origin(10, PERHAPS, 0, 7), "too short"));
        assembly.accept(call(origin(20, PERHAPS, 0, 7), 0));
        assertThat(seen).containsExactly("g(name=0x10, size=5) = 0 <100ns>");
        assertThat(assembly.withoutReturn()).isZero();
    }

    @Test
    void calls_that_have_not_returned_are_not_lost() {
        assembly.accept(words(origin(10, 0, 7), "sleeps"));
        assembly.end(false);
        assertThat(seen).isEmpty();
    }

    @Test
    void idle_tasks_are_told_apart_by_their_processor() {
        var first = new TraceEvent.Origin(10, WANTED, 0, 0, 0, 0, "swapper/0");
        var second = new TraceEvent.Origin(20, WANTED, 1, 0, 0, 0, "swapper/1");
        assembly.accept(words(first, "on 0"));
        assembly.accept(words(second, "on 1"));
        assembly.accept(call(first, 1));
        assembly.accept(call(second, 1));
        assertThat(seen)
                .containsExactly("f(name=\"on 0\", size=5) = 0 <100ns>", "f(name=\"on 1\", size=5) = 0 <100ns>");
    }

    private static ProbeAccount probes(long hits, long delivered, long filtered) {
        return new ProbeAccount(hits, delivered, filtered, 0, 0, 0, 0, 0, 0, 77, 5, 0, 0, Set.of());
    }

    @Test
    void the_account_is_of_calls_and_adds_up() {
        assertThat(new CallAccount(probes(100, 90, 10), 80, 80, 0, 0, 1 << 24))
                .hasToString("100 hits = 80 delivered + 20 filtered");
        assertThat(new CallAccount(probes(100, 90, 10), 80, 50, 0, 0, 1 << 24))
                .hasToString(
                        "100 hits = 50 delivered + 30 lost + 20 filtered; the buffer of 16M had no room (--buffer 64M)");
        assertThat(new CallAccount(probes(100, 100, 0), 100, 99, 3, 1, 1 << 12))
                .hasToString("100 hits = 99 delivered + 1 lost; 3 delivered in part, 1 shown without their return, "
                        + "the buffer of 4k had no room (--buffer 16k)");
        assertThat(new CallAccount(probes(10, 10, 0), 10, 4, 0, 0, 1 << 29))
                .hasToString("10 hits = 4 delivered + 6 lost; the buffer of 512M had no room");
        assertThat(new CallAccount(
                        new ProbeAccount(3, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, Set.of()), 2, 2, 0, 0, 1 << 24))
                .hasToString(
                        "3 hits = 2 delivered + 1 ended inside (their tasks exited); --args shows calls that never return");
    }

    @ParameterizedTest
    @CsvSource({"4096, 4096", "4k, 4096", "5k, 8192", "16M, 16777216", "3m, 4194304", "512M, 536870912"})
    void sizes_of_the_buffer(String text, int bytes) {
        assertThat(BufferSize.parse(text)).isEqualTo(bytes);
    }

    @Test
    void other_sizes_are_refused() {
        assertThatThrownBy(() -> BufferSize.parse("many"))
                .hasMessage("--buffer many: write a size such as 512k or 64M");
        assertThatThrownBy(() -> BufferSize.parse("1k")).hasMessage("--buffer 1k: 4k to 512M");
        assertThatThrownBy(() -> BufferSize.parse("1000M")).hasMessage("--buffer 1000M: 4k to 512M");
    }
}
