package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.internal.Timing.Phase;
import org.kprobe4j.internal.Timing.Row;

class TimingTest {
    private static final long MS = 1_000_000;

    @Test
    void whatAPhaseDoesInsideAnotherCountsForTheInnerOne() {
        var row = new Row("vfs_read", 100 * MS);
        Phase rest = row.enter(Phase.COMPILE, 110 * MS);
        Phase compile = row.enter(Phase.BTF, 130 * MS);
        assertThat(row.enter(compile, 180 * MS)).isEqualTo(Phase.BTF);
        assertThat(row.enter(rest, 181 * MS)).isEqualTo(Phase.COMPILE);
        assertThat(row.enter(Phase.LOAD, 181 * MS)).isEqualTo(Phase.REST);
        row.end(201 * MS + MS / 2, 512 * MS);
        assertThat(Timing.table(List.of(row)))
                .containsExactly(
                        "kprobe: timing, ms      JVM    javac      BTF  compile     load   attach     rest      sum  planted at",
                        "kprobe: vfs_read          -        -     50.0     21.0     20.5        -     10.0    101.5       512.0");
    }

    @Test
    void theSumsStandBelowAndEveryNumberUnderItsTitle() {
        var start = new Row("start", 0);
        start.add(Phase.JVM, 412 * MS);
        start.add(Phase.JAVAC, 1_234 * MS);
        start.add(Phase.REST, 8 * MS);
        var one = new Row("a_long_target_*,!but_not_this", 0);
        one.add(Phase.ATTACH, 7 * MS);
        one.end(3 * MS, 1_664 * MS);
        assertThat(Timing.table(List.of(start, one)))
                .containsExactly(
                        "kprobe: timing, ms                         JVM    javac      BTF  compile     load   attach     rest      sum  planted at",
                        "kprobe: start                            412.0   1234.0        -        -        -        -      8.0   1654.0",
                        "kprobe: a_long_target_*,!but_not_this        -        -        -        -        -      7.0      3.0     10.0      1664.0",
                        "kprobe: all                              412.0   1234.0        -        -        -      7.0     11.0   1664.0");
    }

    @Test
    void whileItIsOffNothingIsMeasured() {
        assertThat(Timing.of(Phase.LOAD)).isSameAs(Timing.of(Phase.BTF)).isSameAs(Timing.registration("vfs_read"));
    }
}
