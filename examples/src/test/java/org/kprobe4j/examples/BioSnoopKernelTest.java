package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.KernelFunctions;

@Tag("kernel")
class BioSnoopKernelTest {
    private static final String READS_AND_WRITES = """
            sh -c 'echo reader $$; exec dd if=/dev/nullb0 of=/dev/null bs=4k count=10 iflag=direct'
            sh -c 'echo writer $$; exec dd if=/dev/zero of=/dev/nullb0 bs=8k seek=5 count=6 oflag=direct'
            """;

    /** Eight reads at once that io_uring polls for: fast devices end such requests in batches. */
    private static final String POLLED = """
            #define _GNU_SOURCE
            #include <fcntl.h>
            #include <linux/io_uring.h>
            #include <stdlib.h>
            #include <sys/mman.h>
            #include <sys/syscall.h>
            #include <unistd.h>
            int main(void) {
                struct io_uring_params p = {.flags = IORING_SETUP_IOPOLL};
                int ring = syscall(__NR_io_uring_setup, 8, &p), disk = open("/dev/nullb0", O_RDONLY | O_DIRECT);
                char *sq = mmap(0, p.sq_off.array + 32, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING), *page;
                struct io_uring_sqe *sqe = mmap(0, 8 * sizeof *sqe, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
                if (posix_memalign((void **) &page, 4096, 4096)) return 1;
                for (int i = 0; i < 8; i++) {
                    sqe[i] = (struct io_uring_sqe) {.opcode = IORING_OP_READ, .fd = disk, .addr = (long) page, .len = 4096, .off = i << 16};
                    ((unsigned *) (sq + p.sq_off.array))[i] = i;
                }
                __atomic_store_n((unsigned *) (sq + p.sq_off.tail), 8, __ATOMIC_RELEASE);
                return syscall(__NR_io_uring_enter, ring, 8, 8, IORING_ENTER_GETEVENTS, 0, 0) != 8;
            }
            """;

    @Test
    void showsRequestsThatEndInABatch(@TempDir Path folder) throws Exception {
        String batch = "blk_mq_end_request_batch";
        assumeThat(KernelFunctions.existing(Set.of(batch))).as("since 5.16").isNotEmpty();
        Path source = Files.writeString(folder.resolve("polled.c"), POLLED);
        Path program = folder.resolve("polled");
        assertThat(new ProcessBuilder("gcc", "-o", program.toString(), source.toString())
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
        try (var _ = new NullBlock("poll_queues=1")) {
            Example run = Example.run("BioSnoop", "disk=nullb0", "--", program.toString())
                    .succeeded();
            assertThat(run.matching("\\d\\d:\\d\\d:\\d\\d\\..*")
                            .map(row -> List.of(row.strip().split(" +")))
                            .filter(row -> row.get(1).equals("polled"))
                            .map(row -> String.join(" ", row.subList(3, 7))))
                    .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 8)
                            .mapToObj(i -> "nullb0 read %d 4096".formatted(128 * i))
                            .toList());
            // It was that way that they ended.
            assertThat(run.err()).anyMatch(line -> line.matches(".*" + batch + ".*[1-9]\\d* hits.*"));
        }
    }

    @Test
    void showsEachRequestOfADirectReaderAndWriter() throws Exception {
        try (var disk = new NullBlock()) {
            NullBlock.Statistics before = disk.statistics();
            Example run = Example.run("BioSnoop", "disk=nullb0", "--", "sh", "-ec", READS_AND_WRITES)
                    .succeeded();
            NullBlock.Statistics after = disk.statistics();
            List<List<String>> rows = run.matching("\\d\\d:\\d\\d:\\d\\d\\..*")
                    .map(row -> List.of(row.strip().split(" +")))
                    .toList();
            assertThat(rows).hasSize((int) (after.reads() - before.reads() + after.writes() - before.writes()));
            assertThat(rows).allMatch(row -> Double.parseDouble(row.get(7)) >= NullBlock.DELAY_MS);
            // One after the other, they are shown with the times at which they ended, not at which the rows were
            // printed.
            List<LocalTime> ends = rows.stream()
                    .filter(row -> row.get(1).equals("dd"))
                    .map(row -> LocalTime.parse(row.getFirst()))
                    .toList();
            assertThat(IntStream.range(1, ends.size()))
                    .allMatch(i -> ends.get(i - 1).until(ends.get(i), ChronoUnit.MILLIS) >= NullBlock.DELAY_MS - 1);
            List<String> dd = rows.stream()
                    .filter(row -> row.get(1).equals("dd"))
                    .map(row -> String.join(" ", row.subList(2, 7)))
                    .toList();
            String reader = run.matching("reader .*").findFirst().orElseThrow().substring(7);
            String writer = run.matching("writer .*").findFirst().orElseThrow().substring(7);
            assertThat(dd.stream().filter(row -> row.contains("read")))
                    .containsExactlyElementsOf(IntStream.range(0, 10)
                            .mapToObj(i -> "%s nullb0 read %d 4096".formatted(reader, 8 * i))
                            .toList());
            assertThat(dd.stream().filter(row -> row.contains("write")))
                    .containsExactlyElementsOf(IntStream.range(5, 11)
                            .mapToObj(i -> "%s nullb0 write %d 8192".formatted(writer, 16 * i))
                            .toList());
        }
    }
}
