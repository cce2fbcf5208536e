package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.lab.BootOptions;
import org.kprobe4j.lab.Guest;
import org.kprobe4j.lab.GuestCommand;
import org.kprobe4j.lab.GuestStreams;
import org.kprobe4j.lab.KernelRow;
import org.kprobe4j.lab.Lab;

/** What {@code ./package} makes, unpacked where there are blanks, started by a link, without a JDK and without a home. */
@Tag("lab")
@TestInstance(Lifecycle.PER_CLASS)
class PackageTest {
    private static final String VERSION_LINE = "kprobe \\d+\\.\\d+\\.\\d+\\S* \\(Java \\S+\\)";

    private Path folder;
    private Path home;
    private Path launcher;
    private Path jar;

    private record Ran(int status, String out, String err) {}

    @BeforeAll
    void makeAndUnpack(@TempDir Path temporary) throws Exception {
        folder = temporary;
        Path made = folder.resolve("made");
        Ran making = ran(host(Map.of(), Repository.file("package").toString(), made.toString()));
        assertThat(making.status()).as(making.err()).isZero();
        jar = only(made, ".jar");
        Path place = Files.createDirectory(folder.resolve("a place with blanks"));
        Path archive = only(made, ".tar.gz");
        assertThat(ran(host(Map.of(), "tar", "-C", place.toString(), "-xzf", archive.toString()))
                        .status())
                .isZero();
        home = only(place, "");
        launcher = Files.createSymbolicLink(folder.resolve("a link"), home.resolve("bin/kprobe"));
    }

    private static Path only(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(ending)
                            && file.getFileName().toString().startsWith("kprobe4j-"))
                    .reduce((_, _) -> {
                        throw new AssertionError("two of them in " + folder);
                    })
                    .orElseThrow();
        }
    }

    private static ProcessBuilder host(Map<String, String> instead, String... words) {
        var builder = new ProcessBuilder(words);
        if (!instead.isEmpty()) {
            builder.environment().clear();
            builder.environment().putAll(instead);
        }
        return builder.redirectInput(Path.of("/dev/null").toFile());
    }

    private Ran ran(ProcessBuilder builder) throws IOException, InterruptedException {
        Path out = Files.createTempFile(folder, "out", "");
        Path err = Files.createTempFile(folder, "err", "");
        Process process =
                builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        int status = process.waitFor();
        return new Ran(status, Files.readString(out), Files.readString(err));
    }

    /** Without HOME, and with a JDK that is none. */
    private ProcessBuilder launched(String... words) {
        List<String> all = new ArrayList<>(List.of(launcher.toString()));
        all.addAll(List.of(words));
        return host(Map.of("PATH", "/usr/bin:/bin", "JAVA_HOME", "/nowhere"), all.toArray(String[]::new));
    }

    @Test
    void theVersionIsTheBuildsWhoeverAsks() throws Exception {
        Ran version = ran(launched("--version"));
        assertThat(version.out().strip()).matches(VERSION_LINE);
        assertThat(home.getFileName().toString()).contains(version.out().split(" ")[1]);
        assertThat(ran(launched("count", "--version"))).isEqualTo(version);
        assertThat(version.err()).isEmpty();
        assertThat(version.status()).isZero();
    }

    @Test
    void twoAtOnceDoNotDisturbEachOther() throws Exception {
        Process first = launched("--help").redirectErrorStream(true).start();
        Ran second = ran(launched("--help"));
        assertThat(new String(first.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo(second.out())
                .contains("Usage: kprobe", "count", "doctor");
        assertThat(first.waitFor()).isZero();
    }

    @Test
    void theJarOfAllClassesRuns() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin/java").toString();
        Ran version = ran(host(Map.of("PATH", "/nowhere"), java, "-jar", jar.toString(), "--version"));
        assertThat(version.out().strip()).matches(VERSION_LINE);
        assertThat(version.err()).isEmpty();
    }

    @Test
    void pagesCompletionsAndBothCachesAreInside() {
        assertThat(home.resolve("share/man/man1/kprobe-count.1")).isRegularFile();
        assertThat(home.resolve("share/bash-completion/completions/kprobe")).isRegularFile();
        assertThat(home.resolve("share/zsh/site-functions/_kprobe")).isRegularFile();
        assertThat(home.resolve("lib/launch.aot")).isRegularFile();
        assertThat(home.resolve("lib")).isDirectoryContaining("glob:**/start-*.aot");
    }

    /** In a guest, where the archive is on a disk that cannot be written: the caches fit after the move, tools count, files compile. */
    @Test
    void whereTheKernelHasKprobesItRunsFromADiskThatCannotBeWritten() {
        String script = """
                set -eu
                mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"
                unset HOME; export PATH=/usr/bin:/bin JAVA_HOME=/nowhere
                if touch "$1/lib/mark" 2> /dev/null; then echo "can be written"; fi
                "$2" count vfs_read -- true
                "$2" run "$1/examples/KprobeExample.java" symbol=vfs_read -- true | tail -n 1
                "$2" explain vfs_read | head -n 1
                "$2" list vfs_read
                "$2" doctor > /dev/null || echo "doctor: $?"
                libraries=$1/lib; . "$libraries/launch.sh"; find_class_paths
                for cache in "$libraries"/*.aot; do
                    "$1/runtime/bin/java" "${launch_options[@]}" -XX:AOTCache="$cache" -XX:AOTMode=on -cp "$program_path" \\
                        org.kprobe4j.cli.KprobeMain --version > /dev/null || echo "$cache does not fit"
                done
                """;
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        try (Guest guest = Lab.boot(KernelRow.standard(), BootOptions.defaults())) {
            var command = GuestCommand.of(List.of("bash", "-c", script, "bash", home.toString(), launcher.toString()));
            var exit = guest.run(command.timeLimit(Duration.ofMinutes(3)), GuestStreams.to(out, err));
            assertThat(exit.status()).as(err.toString(StandardCharsets.UTF_8)).isZero();
        }
        assertThat(out.toString(StandardCharsets.UTF_8).lines().toList())
                .as(err.toString(StandardCharsets.UTF_8))
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("FUNCTION  COUNT"),
                        line -> assertThat(line).matches("vfs_read +[1-9]\\d*"),
                        line -> assertThat(line).matches("kprobe at 0x[0-9a-f]+ unregistered"),
                        line -> assertThat(line).isEqualTo("vfs_read: 1 place"),
                        line -> assertThat(line).contains("vfs_read("));
    }
}
