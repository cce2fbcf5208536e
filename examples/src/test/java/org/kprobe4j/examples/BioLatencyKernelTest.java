package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
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
            assertThat(run.out()).startsWith("microseconds", "all requests");
            List<long[]> buckets = buckets(run.out().stream());
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
            assertThat(run.out()).containsExactly("milliseconds");
        }
    }

    @Test
    void countsReadsAndWritesApart() throws Exception {
        try (var disk = new NullBlock()) {
            NullBlock.Statistics before = disk.statistics();
            Example run = Example.run("BioLatency", "disk=nullb0", "by=both", "--", "sh", "-ec", READS_AND_WRITES)
                    .succeeded();
            long reads = disk.statistics().reads() - before.reads();
            assertThat(run.out()).contains("nullb0 read", "nullb0 write");
            int write = run.out().indexOf("nullb0 write");
            int read = run.out().indexOf("nullb0 read");
            assertThat(requests(run.out()
                            .subList(write, read > write ? read : run.out().size())))
                    .isEqualTo(20);
            assertThat(requests(run.out()
                            .subList(read, write > read ? write : run.out().size())))
                    .isEqualTo(reads);
        }
    }

    private static long requests(List<String> lines) {
        return buckets(lines.stream()).stream().mapToLong(bucket -> bucket[1]).sum();
    }

    /** The first value and the count of each line. */
    private static List<long[]> buckets(Stream<String> lines) {
        return lines.filter(line -> line.matches(" *\\d+ – \\d+ .*"))
                .map(line -> line.strip().split(" +"))
                .map(cells -> new long[] {Long.parseLong(cells[0]), Long.parseLong(cells[3])})
                .toList();
    }
}
