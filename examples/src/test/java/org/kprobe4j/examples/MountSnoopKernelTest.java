package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class MountSnoopKernelTest {
    /** By their numbers on x86-64: mount 165, umount2 166, fsopen 430, fsconfig 431, fsmount 432, move_mount 429. */
    private static final String MOUNTS = """
            $0 = "mounter";
            my $at = "/mnt/a"; mkdir $at; my $b = "/mnt/b"; mkdir $b;
            my ($source, $type, $none) = ("spool", "tmpfs", "nosuchfs");
            syscall(165, $source, $at, $type, 6, 0) == 0 or die;
            syscall(165, $at, $b, 0, 4096, 0) == 0 or die;
            syscall(165, $source, $at, $none, 0, 0) == -1 or die;
            syscall(166, $at, 0) == 0 or die;
            syscall(166, $b, 2) == 0 or die;
            syscall(166, $b, 0) == -1 or die;
            my $context = syscall(430, $type, 0); $context >= 0 or die;
            my ($key, $value, $empty) = ("source", "modern", "");
            syscall(431, $context, 1, $key, $value, 0) == 0 or die;
            syscall(431, $context, 6, 0, 0, 0) == 0 or die;
            my $mount = syscall(432, $context, 0, 0); $mount >= 0 or die;
            syscall(429, $mount, $empty, -100, $at, 4) == 0 or die;
            syscall(166, $at, 2) == 0 or die;
            """;

    @Test
    void showsEveryMountAndUnmount() throws Exception {
        var run = Example.run("MountSnoop", "comm=mounter", "--", "perl", "-e", MOUNTS)
                .succeeded();
        assertThat(run.matching("\\d\\d:.*").map(MountSnoopKernelTest::cells))
                .containsExactly(
                        List.of("mounter", "mount", "spool", "/mnt/a", "tmpfs", "0x6", "0"),
                        List.of("mounter", "mount", "/mnt/a", "/mnt/b", "0x1000", "0"),
                        List.of("mounter", "mount", "spool", "/mnt/a", "nosuchfs", "0x0", "ENODEV"),
                        List.of("mounter", "umount", "spool", "/mnt/a", "tmpfs", "0x0", "0"),
                        List.of("mounter", "umount", "spool", "/mnt/b", "tmpfs", "0x2", "0"),
                        List.of("mounter", "umount", "overlay", "/mnt/b", "overlay", "0x0", "EINVAL"),
                        List.of("mounter", "move_mount", "modern", "/mnt/a", "tmpfs", "0x0", "0"),
                        List.of("mounter", "umount", "modern", "/mnt/a", "tmpfs", "0x2", "0"));
        String namespace =
                Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")).toString().replaceAll("\\D", "");
        assertThat(run.matching("\\d\\d:.*")).allMatch(line -> line.split(" +")[1].equals(namespace));
    }

    private static List<String> cells(String row) {
        List<String> all = Arrays.asList(row.strip().split(" +"));
        return all.subList(3, all.size());
    }
}
