package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * What helps where a mirror serves a list of packages that is older or newer than the signed index beside it, as mirrors do for hours or
 * days for the rarer architectures: the list is taken as it is, over https only, so that it is the mirror's own. The packages themselves
 * must have the checksums that the list says. What is fetched so runs in a throwaway guest and nowhere else.
 */
final class UnsignedLists {
    /** What apt says of a list that does not fit. */
    private static final List<String> SIGNS = List.of("Mirror sync in progress?", "Hash Sum mismatch");

    private UnsignedLists() {}

    /** Whether apt refused a list for not fitting its index. */
    static boolean help(HostTool.Outcome update) {
        return SIGNS.stream().anyMatch((update.stderr() + update.stdout())::contains);
    }

    /** Fetches the lists of all sources into apt's folder and lets it use packages without a signature. */
    static void fetch(Path folder, Arch arch, String remedy, Progress progress) throws IOException {
        for (AptSources.Source source : AptSources.parseOneLine(Files.readString(folder.resolve("sources.list")))) {
            String list = listUri(source, arch);
            progress.say(
                    "lab: the mirror's list of %s for %s does not fit its signature (an update of the mirror); taking it unsigned, over https"
                            .formatted(source.suites().getFirst(), arch.debianName()));
            HostTool.require(
                    "reading Debian's package lists",
                    remedy,
                    List.of(
                            "/usr/lib/apt/apt-helper",
                            "-c",
                            folder.resolve("apt.conf").toString(),
                            "download-file",
                            list.replaceFirst("^http:", "https:"),
                            folder.resolve("lists").resolve(fileName(list)).toString()));
        }
        Files.writeString(
                folder.resolve("apt.conf"), "APT::Get::AllowUnauthenticated \"true\";\n", StandardOpenOption.APPEND);
    }

    static String listUri(AptSources.Source source, Arch arch) {
        return "%s/dists/%s/main/binary-%s/Packages.xz"
                .formatted(source.uri().replaceAll("/+$", ""), source.suites().getFirst(), arch.debianName());
    }

    /** As apt names it: the address without its scheme, with {@code _} for each slash. */
    static String fileName(String listUri) {
        return listUri.replaceFirst("^[a-z]+://", "").replace("_", "%5f").replace('/', '_');
    }
}
