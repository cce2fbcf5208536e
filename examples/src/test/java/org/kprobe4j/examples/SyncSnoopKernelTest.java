package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class SyncSnoopKernelTest {
    /** By their numbers on x86-64: sync 162, fsync 74, fdatasync 75, syncfs 306, sync_file_range 277, msync 26. */
    private static final String SYNCS = """
            $0 = "syncer";
            open(my $file, "+>", "/dev/shm/synced") or die;
            my $fd = fileno($file);
            syscall(162);
            syscall(74, $fd) == 0 or die;
            syscall(74, 99) == -1 or die;
            syscall(75, $fd) == 0 or die;
            syscall(306, $fd) == 0 or die;
            syscall(277, $fd, 0, 4096, 0);
            syscall(26, 0, 0, 4);
            syscall(74, $fd) == 0 or die;
            """;

    @Test
    void showsEveryCallInItsOrder() throws Exception {
        var run = Example.run("SyncSnoop", "comm=syncer", "--", "perl", "-e", SYNCS)
                .succeeded();
        var rows = Rows.of(run, 4);
        assertThat(rows)
                .extracting(List::getLast)
                .containsExactly("sync", "fsync", "fsync", "fdatasync", "syncfs", "sync_file_range", "msync", "fsync");
        assertThat(rows).extracting(row -> row.get(1)).containsOnly("syncer");
        assertThat(run.out().getFirst()).matches("TIME +PID COMM +CALL");
    }
}
