package org.kprobe4j.cli.tool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.kprobe4j.cli.KprobeException;

/**
 * Control groups of version 2, as {@code Kernel.cgroupId()} tells them: a group's number is its folder's inode number. Source:
 * kernfs_get_inode() in fs/kernfs/inode.c.
 */
final class ControlGroups {
    private static final int LEAST_ID = 4;
    private static final List<Path> ROOTS = List.of(Path.of("/sys/fs/cgroup"), Path.of("/sys/fs/cgroup/unified"));

    private ControlGroups() {}

    /** The numbers of the group and of all that are below it now. */
    static List<Long> below(String group) {
        if (group.matches("\\d+")) {
            return List.of(Long.parseLong(group));
        }
        Path root = ROOTS.stream()
                .filter(path -> Files.exists(path.resolve("cgroup.procs")))
                .findFirst()
                .orElseThrow(() -> new KprobeException(
                        "--cgroup %s: no control groups of version 2 at /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup"
                                .formatted(group)));
        return below(root, group);
    }

    static List<Long> below(Path root, String group) {
        Path named = group.startsWith(root.toString())
                ? Path.of(group)
                : root.resolve("./" + group).normalize();
        if (!group.isEmpty() && Files.isDirectory(named)) {
            return numbers(named);
        }
        List<Path> found = byContainer(root, group);
        if (found.isEmpty()) {
            throw new KprobeException("--cgroup %s: no such control group below %s, and no container's id begins so"
                    .formatted(group, root));
        } else if (found.size() > 1) {
            throw new KprobeException("--cgroup %s: several containers' ids begin so: %s; write more of it"
                    .formatted(group, String.join(", ", names(found))));
        }
        return numbers(found.getFirst());
    }

    /** {@code docker-4f2a….scope}, {@code cri-containerd-4f2a….scope}, {@code 4f2a…}: the last part without its dress. */
    private static List<Path> byContainer(Path root, String id) {
        if (id.length() < LEAST_ID || !id.matches("[0-9a-zA-Z_.-]+")) {
            return List.of();
        }
        return folders(root).stream()
                .filter(path -> container(path).startsWith(id))
                .toList();
    }

    private static List<String> names(List<Path> folders) {
        return folders.stream().map(ControlGroups::container).sorted().toList();
    }

    private static String container(Path folder) {
        String name = folder.getFileName().toString();
        name = name.endsWith(".scope") ? name.substring(0, name.length() - ".scope".length()) : name;
        int dash = name.lastIndexOf('-');
        return dash >= 0 && name.substring(dash + 1).matches("[0-9a-f]{12,}") ? name.substring(dash + 1) : name;
    }

    private static List<Path> folders(Path root) {
        try (Stream<Path> walk = Files.walk(root)) {
            return walk.filter(Files::isDirectory).toList();
        } catch (IOException | UncheckedIOException e) {
            throw new KprobeException("cannot read the control groups at %s: %s".formatted(root, e.getMessage()));
        }
    }

    private static List<Long> numbers(Path folder) {
        return folders(folder).stream().map(ControlGroups::number).toList();
    }

    private static Long number(Path folder) {
        try {
            return (Long) Files.getAttribute(folder, "unix:ino");
        } catch (IOException e) {
            throw new KprobeException("cannot read the control group %s: %s".formatted(folder, e.getMessage()));
        }
    }
}
