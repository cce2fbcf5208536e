package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The parts of the launcher that need no build: which JDK it takes, where its cache is. */
class LauncherTest {
    @TempDir
    Path folder;

    private record Outcome(int status, List<String> lines) {}

    /** Runs a script after the launcher's functions were read. */
    private Outcome bash(String script) throws IOException, InterruptedException {
        String all = "set -euo pipefail; self=kprobe repo=/nowhere; . \"$0\"; " + script;
        Path functions = Repository.file("cli/src/main/bash/toolchain.sh");
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", all, functions.toString())
                .directory(folder.toFile())
                .redirectErrorStream(true);
        builder.environment().keySet().removeAll(List.of("KPROBE4J_CACHE", "XDG_CACHE_HOME", "JAVA_HOME"));
        builder.environment().put("HOME", folder.toString());
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), text.lines().toList());
    }

    private Path jdk(String name, String release) throws IOException {
        Path jdk = Files.createDirectories(folder.resolve(name));
        Path javac =
                Files.createFile(Files.createDirectories(jdk.resolve("bin")).resolve("javac"));
        assertThat(javac.toFile().setExecutable(true)).isTrue();
        Files.writeString(jdk.resolve("release"), release);
        return jdk;
    }

    @ParameterizedTest
    @CsvSource({"25, 25", "25.0.3, 25", "26-ea, 26", "17.0.15, 17", "1.8.0_452, 1"})
    void readsAJdksVersionFromItsReleaseFile(String version, String expected) throws Exception {
        Path jdk = jdk("a jdk", "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\nMODULES=\"java.base\"\n");
        assertThat(bash("read_java_version '" + jdk + "'; echo \"$java_version\"")
                        .lines())
                .containsExactly(expected);
    }

    @Test
    void javaHomeGoesFirstIfItIsNewEnough() throws Exception {
        Path jdk = jdk("my jdk", "JAVA_VERSION=\"31\"\n");
        assertThat(bash("JAVA_HOME='" + jdk + "'; find_jdk; echo \"$java_home\"")
                        .lines())
                .containsExactly(jdk.toString());
    }

    @Test
    void aJavaHomeThatIsTooOldIsPassedOver() throws Exception {
        Path jdk = jdk("old", "JAVA_VERSION=\"21.0.1\"\n");
        assertThat(bash("JAVA_HOME='" + jdk + "'; find_jdk; echo \"$java_home\"")
                        .lines())
                .doesNotContain(jdk.toString());
    }

    @Test
    void noJdkIsAnErrorThatSaysHowToGetOne() throws Exception {
        Path jdk = jdk("old", "JAVA_VERSION=\"21.0.1\"\n");
        Outcome outcome =
                bash("JAVA_HOME='" + jdk + "'; PATH=/nowhere; read_java_version() {" + " java_version=21; }; find_jdk");
        assertThat(outcome.status()).isEqualTo(125);
        assertThat(outcome.lines().getFirst()).startsWith("kprobe: no JDK 25 or newer found (" + jdk + " is 21");
        assertThat(outcome.lines().getLast()).contains("openjdk-25-jdk-headless", "adoptium.net", "JAVA_HOME");
    }

    @ParameterizedTest
    @CsvSource({
        "KPROBE4J_CACHE=/a XDG_CACHE_HOME=/b, /a",
        "XDG_CACHE_HOME=/b, /b/kprobe4j",
        "HOME=/c, /c/.cache/kprobe4j",
    })
    void theCacheIsWhereTheUserWantsIt(String environment, String expected) throws Exception {
        assertThat(bash(environment.replace(" ", "; ") + "; find_cache; echo \"$cache\"")
                        .lines())
                .containsExactly(expected);
    }

    @Test
    void theFingerprintChangesWithTheSources() throws Exception {
        Files.createDirectories(folder.resolve("m/src/main"));
        Files.createFile(folder.resolve("pom.xml"));
        Files.createFile(folder.resolve("m/pom.xml"));
        Path source = Files.writeString(folder.resolve("m/src/main/A.java"), "class A {}");
        String script = "repo=$PWD; find_fingerprint; echo \"$fingerprint\"";
        List<String> first = bash(script).lines();
        assertThat(first).singleElement().asString().matches("[0-9a-f]{16}");
        assertThat(bash(script).lines()).isEqualTo(first);
        Files.writeString(source, "class A { }");
        assertThat(bash(script).lines()).isNotEqualTo(first);
        Files.delete(source);
        assertThat(bash(script).lines()).isNotEqualTo(first);
    }
}
