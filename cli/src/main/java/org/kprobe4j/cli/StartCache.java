package org.kprobe4j.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.kprobe4j.lab.BootOptions;
import org.kprobe4j.lab.Guest;
import org.kprobe4j.lab.GuestCommand;
import org.kprobe4j.lab.GuestStreams;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;
import org.kprobe4j.lab.LabException;

/**
 * Makes the cache of loaded and linked classes (JEP 483, JEP 514) with which the JVM in a VM starts five times faster. A small
 * probe is run once in a VM to see which classes that takes, those of the system calls among them, which {@link LaunchTraining}
 * cannot make; the cache itself is made on this side, where nothing is emulated. No cache is no error: the run is only slower.
 */
final class StartCache {
    private static final Duration TRAINING_LIMIT = Duration.ofMinutes(3);
    private static final long CREATION_SECONDS = 60;
    private static final String PROGRAM = "program";
    private static final String CONFIGURATION = "start.aotconf";

    private StartCache() {}

    /**
     * Makes the cache for those who run programs in a VM by themselves.
     *
     * @param args the kernel that it is trained on
     */
    static void main(String[] args) {
        provide(KernelRow.of(args[0]));
    }

    /** Makes the cache if there is none yet. */
    static void provide(KernelRow kernel) {
        Path cache = GuestJvm.startCache().orElse(null);
        if (cache == null || Files.exists(cache) || !Files.isWritable(cache.resolveSibling("."))) {
            return;
        }
        Lab.setUp(kernel, System.err::println);
        System.err.println("kprobe: preparing quick starts (once after a build)…");
        try (Guest guest = Lab.boot(kernel, BootOptions.defaults())) {
            // A file of any kind, so that the loader of programs reads one.
            Files.writeString(
                    Files.createDirectory(guest.exchange().resolve(PROGRAM)).resolve("Training.java"), "");
            guest.run(training(), GuestStreams.to(OutputStream.nullOutputStream(), OutputStream.nullOutputStream()));
            create(guest.exchange().resolve(CONFIGURATION), cache);
        } catch (LabException | IOException e) {
            explain(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static GuestCommand training() {
        // The tools of a launcher and programs in a VM are started alike, so the cache is good for both.
        List<String> words = GuestJvm.command(List.of(
                "-XX:AOTMode=record",
                "-XX:AOTConfiguration=" + BootOptions.EXCHANGE_IN_GUEST + "/" + CONFIGURATION,
                "-Xlog:disable",
                "-D" + RunMain.TIMING + "=true"));
        words.addAll(List.of(TrainingProgram.class.getName(), BootOptions.EXCHANGE_IN_GUEST + "/" + PROGRAM));
        return GuestCommand.of(words).timeLimit(TRAINING_LIMIT);
    }

    private static void create(Path configuration, Path cache) throws IOException, InterruptedException {
        if (!Files.exists(configuration)) {
            throw new IOException("the training run left no " + configuration);
        }
        Path part = Files.createTempFile(cache.getParent(), "start", ".part");
        List<String> words = GuestJvm.command(List.of(
                "-XX:AOTMode=create",
                "-XX:AOTConfiguration=" + configuration,
                "-XX:AOTCache=" + part,
                "-Xlog:disable"));
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.waitFor(CREATION_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0) {
            Files.move(part, cache, StandardCopyOption.ATOMIC_MOVE);
        } else {
            process.destroyForcibly();
            Files.deleteIfExists(part);
            throw new IOException("java -XX:AOTMode=create failed");
        }
    }

    private static void explain(Exception e) {
        if (RunMain.debugging()) {
            System.err.println("kprobe: no quick starts: " + e.getMessage());
        }
    }
}
