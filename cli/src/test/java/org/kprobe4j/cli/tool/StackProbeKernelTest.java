package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Signature;

/** Stacks in a real kernel: reads of /dev/zero in two ways, in known numbers. */
@Tag("kernel")
class StackProbeKernelTest {
    private static final long OWN = ProcessHandle.current().pid();

    /** Thirty reads by read(), twelve by pread(). */
    private static void work() throws IOException {
        try (var zero = FileChannel.open(Path.of("/dev/zero"))) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
            for (int i = 0; i < 30; i++) {
                assertThat(zero.read(buffer.clear())).isEqualTo(4096);
            }
            for (int i = 0; i < 12; i++) {
                assertThat(zero.read(buffer.clear(), 0)).isEqualTo(4096);
            }
        }
    }

    private static StackTable table(Stacks<?> stacks, String keys, String more, boolean times) throws IOException {
        Expressions over = Expressions.over(Signature.of("vfs_read"));
        List<KeyColumn> columns = KeyColumn.all(keys.isEmpty() ? List.of() : List.of(keys), over);
        KeyShape<?> shape = KeyShape.of(columns.stream().map(KeyColumn::typed).toList(), true);
        var asked = new Asked(over.condition("pid == " + OWN + " && path(file) == \"/dev/zero\"" + more), columns);
        return table(stacks, shape, asked, times);
    }

    private static <S, K> StackTable table(Stacks<S> stacks, KeyShape<K> shape, Asked asked, boolean times)
            throws IOException {
        var table = new StackTable(times);
        var cells = new KeyCells(asked.keys());
        try (var probe = StackProbe.open(stacks, shape, times || asked.isAtReturn(), 1000)) {
            assertThat(probe.plant("vfs_read", new Scope.Everyone(1), asked.condition(), shape))
                    .hasSize(1);
            work();
            probe.remove();
            ProbeAccount account = probe.account();
            assertThat(account.stacksLost() + account.entriesLost() + account.faulted())
                    .isZero();
            assertThat(account.hits()).isGreaterThanOrEqualTo(42);
            probe.forEach(
                    false, (key, parts, weight) -> table.add(Stack.of(parts, asked.keys(), cells.of(key)), weight));
        }
        System.out.println(String.join("\n", table.folded()));
        return table;
    }

    private static void check(StackTable table) {
        List<StackTable.Row> rows = table.rows();
        assertThat(table.total().hits()).isEqualTo(42);
        assertThat(rows.stream()
                        .filter(row -> row.stack().frames().stream()
                                .anyMatch(f -> f.name().contains("pread64")))
                        .mapToLong(row -> row.weight().hits())
                        .sum())
                .isEqualTo(12);
        assertThat(rows).allMatch(row -> row.stack().frames().getLast().name().equals("vfs_read"));
    }

    @Test
    void by_the_kernels_stack() throws IOException {
        StackTable table = table(new Stacks.OfKernel(), "", "", false);
        check(table);
        assertThat(table.rows()).hasSize(2);
        assertThat(table.folded().getFirst()).endsWith(";ksys_read;vfs_read 30");
        assertThat(table.folded().getLast()).contains("pread64").endsWith(";vfs_read 12");
    }

    @Test
    void by_both_stacks_and_the_task() throws IOException {
        StackTable table = table(new Stacks.Both(), "comm,pid", "", false);
        check(table);
        assertThat(table.rows())
                .allMatch(row -> row.stack().keys().get(1).equals(OWN)
                        && !row.stack().labels().getFirst().isEmpty()
                        && row.stack().frames().get(1).name().equals("pid " + OWN));
        assertThat(table.folded())
                .allMatch(line -> line.contains(";vfs_read_[k] "))
                .anyMatch(line -> line.contains(";read;"));
    }

    @Test
    void by_the_processs_stack() throws IOException {
        StackTable table = table(new Stacks.OfUser(), "", "", false);
        assertThat(table.total().hits()).isEqualTo(42);
        assertThat(table.folded())
                .anyMatch(line -> line.matches(".*[;_]p?read(64)?(@.*)? \\d+"))
                .noneMatch(l -> l.contains("vfs_read"));
    }

    @Test
    void by_time() throws IOException {
        StackTable table = table(new Stacks.OfKernel(), "", "", true);
        check(table);
        assertThat(table.rows())
                .hasSize(2)
                .allMatch(row -> row.weight().timeNs() >= row.weight().maxNs()
                        && row.weight().maxNs() > 0
                        && row.weight().timeNs() < 60_000_000_000L);
    }

    @Test
    void what_is_decided_at_the_return() throws IOException {
        StackTable table = table(new Stacks.OfKernel(), "comm", " && retval == 4096", false);
        check(table);
        assertThat(table.rows()).hasSize(2);
        assertThat(table(new Stacks.OfKernel(), "", " && failed", false).rows()).isEmpty();
    }
}
