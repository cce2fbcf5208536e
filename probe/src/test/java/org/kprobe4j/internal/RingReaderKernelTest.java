package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;

/** The thread that empties a ring. */
@Tag("kernel")
@Timeout(120)
class RingReaderKernelTest {
    private static final int IDLE_MILLIS = 3000;

    /** How often a thread went to sleep. */
    private static long sleeps(String thread) throws IOException {
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                if (Files.readString(task.resolve("comm")).strip().equals(thread)) {
                    List<String> status = Files.readAllLines(task.resolve("status"));
                    return status.stream()
                            .filter(line -> line.startsWith("voluntary_ctxt_switches:"))
                            .mapToLong(line -> Long.parseLong(line.substring(line.indexOf('\t') + 1)))
                            .findFirst()
                            .orElseThrow();
                }
            }
        }
        throw new AssertionError("no thread " + thread);
    }

    /** Puts the 8 bytes of its frame's top, zeros, into a ring. */
    private static byte[] emitting(int ring) {
        return ByteBuffer.allocate(80)
                .order(ByteOrder.nativeOrder())
                .putInt(0xfff8_0a7a) // *(u64 *)(r10 - 8) = 0
                .putInt(0)
                .put((byte) 0x18) // r1 = ring
                .put((byte) (1 << 4 | 1))
                .putShort((short) 0)
                .putInt(ring)
                .putLong(0)
                .putLong(0xa2bfL) // r2 = r10
                .putInt(0x0207) // r2 += -8
                .putInt(-8)
                .putInt(0x03b7) // r3 = 8
                .putInt(8)
                .putLong(0x04b7L) // r4 = 0
                .putInt(0x85) // bpf_ringbuf_output()
                .putInt(130)
                .putLong(0x00b7L) // r0 = 0
                .putLong(0x95)
                .array();
    }

    @Test
    void idleReaderSleepsAndIsWokenByARecord() throws Exception {
        CountDownLatch came = new CountDownLatch(2);
        try (RingReader reader = new RingReader("idle", 4096, _ -> came.countDown(), () -> {});
                BpfProgram program =
                        BpfProgram.load(ProgramSpec.builder(ProgramType.RAW_TRACEPOINT, "emit", emitting(reader.fd()))
                                .build())) {
            reader.start();
            program.testRunContext(new byte[0]);
            while (came.getCount() == 2) {
                Thread.sleep(20);
            }
            Thread.sleep(10 * Rest.MILLIS);
            long before = sleeps("kprobe4j-idle");
            Thread.sleep(IDLE_MILLIS);
            // The JVM may stop all threads for a moment.
            assertThat(sleeps("kprobe4j-idle") - before).isLessThanOrEqualTo(3);
            program.testRunContext(new byte[0]);
            assertThat(came.await(60, TimeUnit.SECONDS)).isTrue();
        }
    }
}
