package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * apt with its own lists, cache and state in one folder, so that packages of any Debian suite can be fetched and checked
 * without touching the machine's configuration. Its package database is empty: a download brings the complete closure,
 * whatever this machine has installed. Needs no root.
 */
final class PrivateApt {
    private static final Path MACHINE_APT = Path.of("/etc/apt");
    private static final Path DEBIAN_KEYRING = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");
    private static final String REMEDY = "check the network and the sources in " + MACHINE_APT
            + ", or set KPROBE4J_DEBIAN_MIRROR to a Debian mirror";
    /** The parts a kernel image package is split into; the version in the name keeps metapackages out. */
    private static final Pattern KERNEL_PART = Pattern.compile("linux-(image|binary|modules|base)-[0-9].*");

    private final Path folder;
    private final List<String> options;
    private final Progress progress;

    private PrivateApt(Path folder, Progress progress) {
        this.folder = folder;
        this.options = List.of("-c", folder.resolve("apt.conf").toString());
        this.progress = progress;
    }

    /** Prepares the folder and fetches the suites' package lists. */
    static PrivateApt open(Path folder, Arch arch, List<String> suites, Progress progress) throws IOException {
        for (String sub : List.of("lists/partial", "cache/archives/partial", "state", "parts")) {
            Files.createDirectories(folder.resolve(sub));
        }
        Files.createFile(folder.resolve("status"));
        Files.writeString(folder.resolve("sources.list"), sourceLines(folder, suites));
        Files.writeString(folder.resolve("apt.conf"), configuration(folder, arch));
        PrivateApt apt = new PrivateApt(folder, progress);
        progress.say("lab: reading the package lists of Debian " + String.join(", ", suites));
        List<String> update = apt.command("apt-get", "update", "--error-on=any");
        HostTool.Outcome outcome = HostTool.run(update);
        // Only for what runs in guests of another architecture: this machine's own programs are never taken so.
        if (outcome.status() != 0 && arch != Arch.host() && UnsignedLists.help(outcome)) {
            UnsignedLists.fetch(folder, arch, REMEDY, progress);
        } else {
            outcome.require("reading Debian's package lists", REMEDY, update);
        }
        return apt;
    }

    private static String configuration(Path folder, Arch arch) {
        return """
                Dir::Etc::sourcelist "%1$s/sources.list";
                Dir::Etc::sourceparts "-";
                Dir::Etc::preferences "-";
                Dir::Etc::preferencesparts "-";
                Dir::State "%1$s/state";
                Dir::State::lists "%1$s/lists";
                Dir::State::status "%1$s/status";
                Dir::Cache "%1$s/cache";
                Dir::Log "%1$s/state";
                Acquire::Check-Valid-Until "false";
                Acquire::Languages "none";
                Acquire::Retries "3";
                APT::Architecture "%2$s";
                #clear APT::Architectures;
                APT::Architectures { "%2$s"; };
                APT::Sandbox::User "root";
                APT::Get::List-Cleanup "false";
                Debug::NoLocking "true";
                #clear APT::Update::Post-Invoke;
                #clear APT::Update::Post-Invoke-Success;
                #clear DPkg::Pre-Install-Pkgs;
                """.formatted(folder, arch.debianName());
    }

    private static String sourceLines(Path folder, List<String> suites) throws IOException {
        List<AptSources.Source> machine = AptSources.read(MACHINE_APT);
        String named = System.getenv().getOrDefault("KPROBE4J_DEBIAN_MIRROR", "");
        Optional<AptSources.Source> debian =
                named.isEmpty() ? AptSources.debian(machine) : Optional.of(new AptSources.Source(named, List.of(), ""));
        AptSources.Source main = debian.orElseThrow(() -> new LabException(
                "lab: no Debian mirror among this machine's apt sources; set KPROBE4J_DEBIAN_MIRROR to one"));
        StringBuilder lines = new StringBuilder();
        for (String suite : suites) {
            String uri = main.uri();
            if (suite.endsWith("-security")) {
                uri = AptSources.security(machine)
                        .map(AptSources.Source::uri)
                        .orElse(main.uri().replaceAll("/+$", "") + "-security");
            }
            lines.append("deb %s%s %s main\n".formatted(signedBy(folder, main.signedBy()), uri, suite));
        }
        return lines.toString();
    }

    /** The option that names the mirror's keys; a key written out in the source becomes a file. */
    private static String signedBy(Path folder, String signedBy) throws IOException {
        if (signedBy.contains("BEGIN PGP")) {
            Path key = folder.resolve("mirror.asc");
            String armoured = signedBy.replaceAll("(?m)^\\s*\\.$", "");
            Files.writeString(key, armoured.strip() + "\n");
            return "[signed-by=" + key + "] ";
        }
        if (!signedBy.isEmpty()) {
            return "[signed-by=" + signedBy.replaceAll("\\s+", ",") + "] ";
        }
        return Files.isReadable(DEBIAN_KEYRING) ? "[signed-by=" + DEBIAN_KEYRING + "] " : "";
    }

    private List<String> command(String program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(program);
        command.addAll(options);
        command.addAll(List.of(arguments));
        return command;
    }

    /** The packages that hold the newest kernel that {@code imagePackage} stands for, the image package first. */
    List<String> kernelPackages(String imagePackage) {
        Set<String> found = new LinkedHashSet<>();
        Deque<String> queue = new ArrayDeque<>(List.of(imagePackage));
        while (!queue.isEmpty()) {
            String name = queue.remove();
            String depends = HostTool.require(
                    "looking up " + name, REMEDY, command("apt-cache", "depends", "--important", name));
            depends.lines()
                    .map(String::strip)
                    .filter(line -> line.startsWith("Depends: "))
                    .map(line -> line.substring("Depends: ".length()).replaceFirst(":.*", ""))
                    .filter(dependency -> KERNEL_PART.matcher(dependency).matches())
                    .filter(found::add)
                    .forEach(queue::add);
        }
        if (found.isEmpty()) {
            throw new LabException("lab: Debian package " + imagePackage + " depends on no kernel image; " + REMEDY);
        }
        return List.copyOf(found);
    }

    /** Fetches the packages and everything they depend on; returns the files. */
    List<Path> downloadClosure(String what, List<String> packages) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("install", "--yes", "--no-install-recommends"));
        arguments.addAll(packages);
        Path archives = folder.resolve("cache/archives");
        fetch(what, arguments, List.of("--download-only"), archives);
        return debs(archives);
    }

    /** Fetches just these packages; returns the files. */
    List<Path> download(String what, List<String> packages) throws IOException {
        Path into = Files.createDirectories(folder.resolve("download"));
        List<String> arguments = new ArrayList<>(List.of("download", "-o", "Dir::Cache::archives=" + into));
        arguments.addAll(packages);
        fetch(what, arguments, List.of(), into);
        return debs(into);
    }

    private void fetch(String what, List<String> arguments, List<String> more, Path into) throws IOException {
        List<String> plan = new ArrayList<>(command("apt-get", arguments.toArray(String[]::new)));
        plan.add("--print-uris");
        long[] totals = {0, 0};
        HostTool.require("planning the download of " + what, REMEDY, plan)
                .lines()
                .filter(line -> line.startsWith("'"))
                .forEach(line -> {
                    totals[0] += Long.parseLong(line.split(" ")[2]);
                    totals[1]++;
                });
        progress.say("lab: downloading %s (%d MB in %d packages)".formatted(what, mega(totals[0]), totals[1]));
        List<String> command =
                new ArrayList<>(List.of("sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", into.toString()));
        command.addAll(command("apt-get", arguments.toArray(String[]::new)));
        command.addAll(more);
        Thread ticker = Thread.ofVirtual().start(() -> tick(what, into, totals[0]));
        try {
            HostTool.require("downloading " + what, REMEDY, command);
        } finally {
            ticker.interrupt();
        }
    }

    /** A long download says how far it is; a short one says nothing more. */
    private void tick(String what, Path into, long totalBytes) {
        try {
            while (true) {
                Thread.sleep(5_000);
                long bytes = sizeBytes(into) + sizeBytes(into.resolve("partial"));
                progress.say("lab: downloading %s: %d of %d MB".formatted(what, mega(bytes), mega(totalBytes)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static long mega(long bytes) {
        return (bytes + 999_999) / 1_000_000;
    }

    private static long sizeBytes(Path folder) {
        try (Stream<Path> list = Files.list(folder)) {
            return list.mapToLong(path -> path.toFile().length()).sum();
        } catch (IOException e) {
            return 0;
        }
    }

    private static List<Path> debs(Path folder) throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.filter(path -> path.toString().endsWith(".deb"))
                    .sorted()
                    .toList();
        }
    }
}
