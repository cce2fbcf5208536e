package org.kprobe4j.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Other tools in a root directory of their own, which the guest may write to. */
final class PeerRun {
    private static final Path EVENTS = Path.of("/sys/kernel/tracing/kprobe_events");
    private static final List<String> SHARED = List.of("proc", "sys", "dev");
    private static final int ENDING_SECONDS = 120;

    private final Path root;
    private final Path output = Path.of("/dev/shm/peer.out");

    private PeerRun(Path root) {
        this.root = root;
    }

    /** Gives the folder the kernel's file systems. */
    static PeerRun in(Path root) throws IOException, InterruptedException {
        for (String folder : SHARED) {
            sh("mount --rbind /" + folder + " " + root + "/" + folder);
        }
        return new PeerRun(root);
    }

    private static void sh(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("/bin/sh", "-c", command).inheritIO().start();
        if (process.waitFor() != 0) {
            throw new IOException(command + " failed");
        }
    }

    List<String> command(List<String> words) {
        List<String> command = new ArrayList<>(List.of("chroot", root.toString()));
        command.addAll(words);
        return command;
    }

    /** Starts the tool, lets the function be called when it is probed, ends the tool. */
    void run(Peer peer, Hits hits) throws IOException, InterruptedException {
        if (peer.needsEvent()) {
            writeEvent("p:" + Peer.EVENT.replace(':', '/') + " " + SeekLoop.FUNCTION);
        }
        Process process = new ProcessBuilder(command(peer.words(hits.pid())))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .redirectInput(new File("/dev/null"))
                .start();
        try {
            Quiet.until(true, process);
            // What is probed first may be one of two places.
            Thread.sleep(2_000);
            hits.run();
        } catch (IOException e) {
            throw new IOException(peer.name() + ": " + e.getMessage() + ": " + Files.readString(output), e);
        } finally {
            end(process);
            if (peer.needsEvent()) {
                writeEvent("-:" + Peer.EVENT.replace(':', '/'));
            }
            Quiet.until(false, process);
        }
        hits.remark(remark(Files.readString(output)));
    }

    private static void writeEvent(String line) throws IOException {
        Files.writeString(EVENTS, line + "\n", StandardOpenOption.APPEND);
    }

    private void end(Process process) throws IOException, InterruptedException {
        sh("kill -INT " + process.pid() + " 2> /dev/null; true");
        if (!process.waitFor(ENDING_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    /** What the tool says it lost. */
    private static String remark(String text) {
        return text.lines()
                .filter(line -> line.contains("ost ") || line.contains("LOST"))
                .findFirst()
                .orElse("")
                .strip();
    }
}
