package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A command whose calls are known to the last one. Its processes read /dev/zero:
 *
 * <pre>
 *   process  CPU  user   control group  reads
 *   one      0    0      the tests'     10 of 16 bytes, 20 of 5000
 *   two      1    65534  known          30 of 16 bytes
 *   three    0    0      the tests'     40 of 16 bytes, and 50 of 16 by a second thread
 * </pre>
 *
 * The numbers of processes and threads are in the file that is its argument.
 */
final class KnownWork {
    /** Only reads of /dev/zero. */
    static final String ZERO = "file->f_inode->i_rdev == (1 << 20 | 5)";

    /** How many there are. */
    static final long READS = 150;

    static final Path GROUP = Path.of("/sys/fs/cgroup/kprobe4j-known");

    /** What children are made of. */
    static final String CHILDREN = """
            use strict; use Fcntl; use POSIX ();
            my $told = shift @ARGV;
            sub told { open(my $f, ">>", $told) or die; syswrite($f, join(" ", @_) . "\\n"); close $f }
            sub reads { my ($bytes, $times) = @_; sysopen(my $z, "/dev/zero", O_RDONLY) or die; my $b;
                for (1..$times) { sysread($z, $b, $bytes) == $bytes or die } }
            sub tid { (split "/", readlink "/proc/thread-self")[2] }
            sub settle { my ($cpu, $user, $group) = @_;
                system("taskset -pc $cpu $$ > /dev/null") == 0 or die;
                if ($group) { open(my $g, ">", "$group/cgroup.procs") or die; syswrite($g, $$) or die "$!"; close $g }
                POSIX::setuid($user) if $user }
            sub child { my ($name, $cpu, $user, $group, $work) = @_;
                my $pid = fork; return if $pid;
                told($name, $$, tid()); settle($cpu, $user, $group); $0 = $name; $work->(); POSIX::_exit(0) }
            """;

    private static final String WORK = CHILDREN + """
            use threads;
            child("one", 0, 0, "", sub { reads(16, 10); reads(5000, 20) });
            child("two", 1, 65534, "%s", sub { reads(16, 30) });
            child("three", 0, 0, "", sub {
                threads->create(sub { told("thread", $$, tid()); reads(16, 50) })->join; reads(16, 40) });
            for (1..3) { wait; die if $? }
            """.formatted(GROUP);

    private final Path told;

    KnownWork() throws IOException {
        if (!Files.exists(GROUP)) {
            Files.createDirectory(GROUP);
        }
        told = Files.createTempFile("kprobe4j-known-", ".told");
    }

    /** The words of a tool's command line, with the command behind them. */
    String[] with(String... words) {
        return Stream.of(List.of(words), List.of("--", "perl", "-e", WORK, told.toString()))
                .flatMap(List::stream)
                .toArray(String[]::new);
    }

    /** The numbers of its processes and threads, by their names. */
    Map<String, long[]> numbers() throws IOException {
        var numbers = new HashMap<String, long[]>();
        for (String line : Files.readAllLines(told)) {
            String[] words = line.split(" ");
            numbers.put(
                    words[0],
                    Arrays.stream(words).skip(1).mapToLong(Long::parseLong).toArray());
        }
        assertThat(numbers).containsOnlyKeys("one", "two", "three", "thread");
        return numbers;
    }

    static long group(Path folder) throws IOException {
        return (Long) Files.getAttribute(folder, "unix:ino");
    }

    /** The control group of this process. */
    static long ownGroup() throws IOException {
        String group = Files.readString(Path.of("/proc/self/cgroup")).strip();
        return group(Path.of("/sys/fs/cgroup", group.substring(group.lastIndexOf("::") + 2)));
    }
}
