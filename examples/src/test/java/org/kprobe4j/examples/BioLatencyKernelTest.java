package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class BioLatencyKernelTest {
    /** Past the page cache, one request at a time. */
    private static final String READS_AND_WRITES = """
            dd if=/dev/nullb0 of=/dev/null bs=4k count=30 iflag=direct
            dd if=/dev/zero of=/dev/nullb0 bs=8k count=20 oflag=direct
            """;

    @Test
    void countsTheRequestsThatTheKernelCountsNoneFasterThanTheDisk() throws Exception {
        try (var disk = new NullBlock()) {
            NullBlock.Statistics before = disk.statistics();
            Example run = Example.run("BioLatency", "disk=nullb0", "--", "sh", "-ec", READS_AND_WRITES)
                    .succeeded();
            NullBlock.Statistics after = disk.statistics();
            assertThat(after.reads() - before.reads()).isGreaterThanOrEqualTo(30);
            assertThat(after.writes() - before.writes()).isEqualTo(20);
            assertThat(run.out()).first().isEqualTo("microseconds");
            List<long[]> buckets = buckets(run);
            assertThat(buckets.stream().mapToLong(bucket -> bucket[1]).sum())
                    .isEqualTo(after.reads() - before.reads() + 20);
            // The first bucket may begin below 5000 µs, it must not end there.
            assertThat(buckets.getFirst()[0]).isGreaterThanOrEqualTo(4096);
        }
    }

    @Test
    void leavesOutOtherDisks() throws Exception {
        try (var _ = new NullBlock()) {
            Example run = Example.run(
                            "BioLatency", "disk=other", "milliseconds=true", "--", "sh", "-ec", READS_AND_WRITES)
                    .succeeded();
            assertThat(run.out()).containsExactly("milliseconds", "nothing recorded");
        }
    }

    /** The first value and the count of each line. */
    private static List<long[]> buckets(Example run) {
        return run.matching(" *\\d+ – \\d+ .*")
                .map(line -> line.strip().split(" +"))
                .map(cells -> new long[] {Long.parseLong(cells[0]), Long.parseLong(cells[3])})
                .toList();
    }
}
