package org.kprobe4j.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Other tools in a root directory of their own, which the guest may write to. */
final class PeerRun {
    private static final Path EVENTS = Path.of("/sys/kernel/tracing/kprobe_events");
    private static final List<String> SHARED = List.of("proc", "sys", "dev");

    private final Path root;

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
        Process process =
                new ProcessBuilder("/bin/sh", "-c", command).inheritIO().start();
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
        try {
            CommandRun.run(peer.name(), command(peer.words(hits.pid())), hits);
        } finally {
            if (peer.needsEvent()) {
                writeEvent("-:" + Peer.EVENT.replace(':', '/'));
            }
        }
    }

    /** Lines for the report. */
    void printVersions() {
        for (String tool : List.of("bpftrace", "perf")) {
            try {
                Process process = new ProcessBuilder(command(List.of(tool, "--version")))
                        .redirectErrorStream(true)
                        .start();
                String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (process.waitFor() == 0) {
                    System.out.println(Result.version(text.strip()));
                }
            } catch (IOException e) {
                // It is not there, and its rows say so.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void writeEvent(String line) throws IOException {
        Files.writeString(EVENTS, line + "\n", StandardOpenOption.APPEND);
    }
}
