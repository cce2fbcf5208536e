package org.kprobe4j.btf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class NearestNamesTest {
    private static final List<String> KERNEL = List.of(
            "vfs_readv",
            "vfs_read",
            "vfs_write",
            "do_sys_open",
            "do_sys_openat2",
            "__x64_sys_getppid",
            "__do_sys_getppid",
            "kernel_clone",
            "kernel_wait",
            "tcp_connect.isra.0");

    @Test
    void slips() {
        assertThat(nearest("vfs_raed")).containsExactly("vfs_read", "vfs_readv");
        assertThat(nearest("do_sys_opnat2")).startsWith("do_sys_openat2");
        assertThat(nearest("kernel_clon")).containsExactly("kernel_clone");
        assertThat(nearest("kernel_colne")).containsExactly("kernel_clone");
        assertThat(nearest("xyzzy")).isEmpty();
        assertThat(nearest("")).isEmpty();
    }

    @Test
    void partsOfLongerNames() {
        assertThat(nearest("sys_getppid")).containsExactly("__do_sys_getppid", "__x64_sys_getppid");
        assertThat(nearest("tcp_connect")).containsExactly("tcp_connect.isra.0");
        assertThat(nearest("ppid")).as("not a part of its own").isEmpty();
    }

    @Test
    void noMoreThanAskedForAndNoneTwice() {
        var names = Stream.of("vfs_read", "vfs_read", "vfs_reads", "vfs_reader", "vfs_rea", "vfs_ready");
        assertThat(NearestNames.nearest("vfs_red", names, 2)).containsExactly("vfs_rea", "vfs_read");
        assertThat(NearestNames.nearest("vfs_red", Stream.of("vfs_read"), 0)).isEmpty();
    }

    @Property(tries = 2_000)
    void theNearestIsFound(@ForAll("words") String wanted, @ForAll("wordLists") List<String> names) {
        int bound = Math.clamp(wanted.length() / 3, 1, 4);
        var expected = names.stream()
                .distinct()
                .filter(name -> edits(wanted, name) <= bound)
                .sorted((a, b) -> edits(wanted, a) != edits(wanted, b)
                        ? Integer.compare(edits(wanted, a), edits(wanted, b))
                        : a.compareTo(b))
                .limit(3)
                .toList();

        assertThat(NearestNames.nearest(wanted, names.stream(), 3)).startsWith(expected.toArray(String[]::new));
    }

    @Provide
    Arbitrary<String> words() {
        return Arbitraries.strings().withChars('a', 'b', 'c').ofMinLength(1).ofMaxLength(9);
    }

    @Provide
    Arbitrary<List<String>> wordLists() {
        return words().list().ofMaxSize(30);
    }

    /** The textbook's full table. */
    private static int edits(String a, String b) {
        var table = IntStream.rangeClosed(0, a.length())
                .mapToObj(i -> new int[b.length() + 1])
                .toArray(int[][]::new);
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    table[i][j] = i + j;
                    continue;
                }
                int change = table[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                table[i][j] = Math.min(change, 1 + Math.min(table[i - 1][j], table[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    table[i][j] = Math.min(table[i][j], table[i - 2][j - 2] + 1);
                }
            }
        }
        return table[a.length()][b.length()];
    }

    private static List<String> nearest(String wanted) {
        return NearestNames.nearest(wanted, KERNEL.stream(), 3);
    }
}
