package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class CacheStatKernelTest {
    /** A file system of its own, in memory behind a block device. */
    private static final String MOUNT = """
            modprobe brd rd_nr=1 rd_size=65536
            mkfs.ext4 -q -b 4096 /dev/ram0 && mkdir /tmp/cachestat && mount -o noatime /dev/ram0 /tmp/cachestat
            dd if=/dev/zero of=/tmp/cachestat/file bs=4k count=300 2> /dev/null; sync
            """;

    private static final String UNMOUNT = "umount /tmp/cachestat && rmdir /tmp/cachestat && modprobe -r brd";

    /**
     * Reads the file page by page without reading ahead, cold and warm, writes another; says how much of it is in the cache then. It
     * has its name only meanwhile: opening files, a new program and the end of one are accesses too.
     */
    private static final String PAGES = """
            my $file = '/tmp/cachestat/file'; my $FADVISE64 = 221; my ($RANDOM, $DONTNEED) = (1, 4);
            sub cached { my $n = `fincore -nbo PAGES $file`; $n =~ s/\\s//g; $n }
            sub opened { open(my $f, '<', $file) or die; syscall($FADVISE64, fileno($f), 0, 0, $_[0]) and die; $f }
            sub counted { $0 = 'pages'; $_[0]->($_[1]); $0 = 'other'; select(undef, undef, undef, 3) }
            my $reads = sub { my ($f) = @_; my $page; 1 while sysread($f, $page, 4096) };
            my $writes = sub { my ($f) = @_; syswrite($f, 'x' x 4096) for 1 .. 200 };
            opened($DONTNEED);
            my ($cold, $warm) = (opened($RANDOM), opened($RANDOM));
            open(my $other, '>', '/tmp/cachestat/other') or die;
            my $before = cached();
            counted($reads, $cold);
            my $after = cached();
            counted($reads, $warm);
            counted($writes, $other);
            print "= $before $after\\n";
            """;

    @BeforeAll
    static void mount() throws Exception {
        sh(MOUNT);
    }

    @AfterAll
    static void unmount() throws Exception {
        sh(UNMOUNT);
    }

    @Test
    void readsMissWhenColdAndHitWhenWarm() throws Exception {
        Example run = Example.run("CacheStat", "comm=pages", "--", "perl", "-e", PAGES)
                .succeeded();
        assertThat(run.out()).contains("= 0 300");
        List<List<String>> rows = Rows.of(run, 5);
        assertThat(sum(rows, 2)).as("dirtied").isEqualTo(200);
        // While it writes, the file system finds blocks of its own in the cache.
        List<List<String>> reading =
                rows.stream().filter(row -> row.get(2).equals("0")).toList();
        assertThat(sum(reading, 0)).as("hits").isEqualTo(300);
        assertThat(sum(reading, 1)).as("misses").isEqualTo(300);
        // On a slow machine a reading may last longer than an interval.
        assertThat(reading.stream().filter(row -> row.size() > 3).map(row -> row.get(3)))
                .contains("0.0%", "100.0%");
    }

    private static long sum(List<List<String>> rows, int column) {
        return rows.stream().mapToLong(row -> Long.parseLong(row.get(column))).sum();
    }

    private static void sh(String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-exc", script).inheritIO().start();
        assertThat(process.waitFor()).isZero();
    }
}
