package org.kprobe4j.cli.tool;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.management.ObjectName;

/** Reads /dev/zero until its method is compiled, writes where compiled methods are, and, asked to, reads 50 times more. */
final class ZeroReader {
    private static final int ENOUGH = 20_000;
    private static final int READS = 50;

    private ZeroReader() {}

    /** The program. */
    public static void main(String... words) throws Exception {
        ByteBuffer buffer = ByteBuffer.allocateDirect(64);
        try (var zero = FileChannel.open(Path.of("/dev/zero"))) {
            for (int i = 0; i < ENOUGH; i++) {
                readOnce(zero, buffer);
            }
            ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "compilerPerfmap",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()});
            System.out.println("ready");
            while (Files.exists(Path.of(words[0]))) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            for (int i = 0; i < READS; i++) {
                readOnce(zero, buffer);
            }
            Files.createFile(Path.of(words[0] + ".done"));
            TimeUnit.MINUTES.sleep(5);
        }
    }

    private static void readOnce(FileChannel zero, ByteBuffer buffer) throws IOException {
        if (zero.read(buffer.clear()) != buffer.capacity()) {
            throw new IOException("a short read");
        }
    }
}
