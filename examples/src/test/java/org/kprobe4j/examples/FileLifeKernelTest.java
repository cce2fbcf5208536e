package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class FileLifeKernelTest {
    /** On tmpfs, which is no stack of file systems. One stays, and one cannot be deleted for it is not there. */
    private static final String LIVES = """
            sub make { open(my $file, ">", "/dev/shm/lives/$_[0]") or die; }
            mkdir "/dev/shm/lives";
            $0 = "mortal";
            mkdir "/dev/shm/lives/folder";
            make("short"); make("long one"); make("folder/deep"); make("stays");
            my $node = "/dev/shm/lives/node"; syscall(133, $node, 0100644, 0) == 0 or die;
            unlink("/dev/shm/lives/short") == 1 or die;
            unlink("/dev/shm/before") == 1 or die;
            unlink("/dev/shm/lives/missing") == 0 or die;
            unlink("/dev/shm/lives/node") == 1 or die;
            select(undef, undef, undef, 0.7);
            unlink("/dev/shm/lives/long one", "/dev/shm/lives/folder/deep") == 2 or die;
            """;

    @Test
    void showsTheAgeOfWhatWasMadeAndDeleted() throws Exception {
        Path before = Files.writeString(Path.of("/dev/shm/before"), "older than the watch");
        var run = Example.run("FileLife", "comm=mortal", "--", "perl", "-e", LIVES)
                .succeeded();
        assertThat(before).doesNotExist();
        var rows = Rows.of(run, 5);
        assertThat(rows)
                .extracting(List::getLast)
                .containsExactly("/lives/short", "/lives/node", "/lives/long one", "/lives/folder/deep");
        assertThat(rows).extracting(row -> row.get(1)).containsOnly("mortal");
        List<Long> ages = rows.stream().map(row -> Long.parseLong(row.get(2))).toList();
        assertThat(ages.subList(0, 2)).allMatch(age -> age >= 0 && age < 700);
        assertThat(ages.subList(2, 4)).allMatch(age -> age >= 700 && age < 2000);
    }
}
