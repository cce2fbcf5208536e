package org.kprobe4j.cli.expression;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileInputStream;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.Counter;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.ReturnHandler;

/** Expressions are decided in a real kernel, by its own types: reads of /dev/zero in known numbers and sizes. */
@Tag("kernel")
class ExpressionKernelTest {
    private static final long OWN = ProcessHandle.current().pid();

    private static final Expressions READ = Expressions.over(Signature.of("vfs_read"));

    /** Ten reads of 1 byte, seven of 4000, three of 70000. */
    private static void work() throws IOException {
        try (var zero = new FileInputStream("/dev/zero")) {
            for (int i = 0; i < 20; i++) {
                int bytes = i < 10 ? 1 : i < 17 ? 4000 : 70_000;
                assertThat(zero.read(new byte[bytes])).isEqualTo(bytes);
            }
        }
    }

    private static long entries(String condition) throws IOException {
        Value wanted = READ.condition("pid == " + OWN + " && path(file) == \"/dev/zero\" && (" + condition + ")")
                .atEntry();
        try (var hits = Counter.of();
                var _ = Kprobe.at("vfs_read")
                        .preHandler((p, regs) -> {
                            if (wanted.value(new Moment.AtPlace(p, regs)) != 0) {
                                hits.increment();
                            }
                            return 0;
                        })
                        .register()) {
            work();
            return hits.sum();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "1 ; 20",
                "count == 1 ; 10",
                "count > 1 && count < 70000 ; 7",
                "count >= 4000 ? count > 4K : 0 ; 3",
                "count / 1000 % 2 ; 0",
                "(count >> 4 & 1) == 1 ; 3",
                "!(count - 1) || count * 2 == 140000 ; 13",
                "-count < 0 ; 0",
                "(int) -count < 0 ; 20",
                "(u8) count == 1 ; 10",
                "(u16) count == 4464 ; 3",
                "file->f_inode->i_rdev == (1 << 20 | 5) ; 20",
                "file->f_path.dentry->d_name.len == 4 ; 20",
                "file->f_path.dentry->d_name.name == \"zero\" ; 20",
                "file->f_path.dentry->d_name.name[0] == 'z' ; 20",
                "starts(file->f_path.dentry->d_name.name, 'ze') && ends(path(file->f_path), 'o') ; 20",
                "contains(path(file), \"/z\") && path(file->f_path.dentry) != \"x\" ; 20",
                "str(file->f_path.dentry->d_name.name) == \"zero\" ; 20",
                "((struct file *) arg0)->f_inode->i_rdev == file->f_inode->i_rdev && arg2 == count ; 20",
                "file->f_inode->i_sb->s_type->name != \"ext4\" ; 20",
                "buf != NULL && pos == NULL || *pos == 0 ; 20",
                "uid == 0 && gid == 0 && tid != 0 && cpu < 64 && func == \"vfs_read\" && comm != \"x\" ; 20",
                "addr && ktime > 1s && cgroup >= 0 ; 20",
                "comm == \"x\" || false ; 0",
            })
    void at_the_entry(String condition, long hits) throws IOException {
        assertThat(entries(condition)).isEqualTo(hits);
    }

    static final class Call {
        long start;
    }

    @Test
    void at_the_return() throws IOException {
        var condition = READ.condition(
                "pid == " + OWN
                        + " && retval == count && path(file) == \"/dev/zero\" && duration > 0 && duration < 10s && count > 1 && !failed");
        assertThat(condition.needsReturn()).isTrue();
        Value atEntry = condition.atEntry();
        Value atReturn = condition.atReturn();
        try (var hits = Counter.of()) {
            EntryHandler<Call> entry = (ri, regs) -> {
                if (atEntry.value(new Moment.InCall(ri, regs, 0)) == 0) {
                    return 1;
                }
                ri.data().start = Kernel.ktimeNs();
                return 0;
            };
            ReturnHandler<Call> back = (ri, regs) -> {
                if (atReturn.value(new Moment.InCall(ri, regs, Kernel.ktimeNs() - ri.data().start)) != 0) {
                    hits.increment();
                }
                return 0;
            };
            try (var _ = Kretprobe.at("vfs_read", Call.class)
                    .entryHandler(entry)
                    .handler(back)
                    .register()) {
                work();
                assertThat(hits.sum()).isEqualTo(10);
            }
        }
    }
}
