package org.kprobe4j.cli.list;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.internal.targets.FunctionListing.Row;
import org.kprobe4j.internal.targets.LeftOut.Reason;

class FunctionTextTest {
    private static final Row READ = new Row(
            0xffffffff81000110L, "vfs_read", null, "ssize_t vfs_read(struct file *file)", 16, List.of(), null, "");
    private static final Row COPY = new Row(
            0xffffffff81000310L,
            "read.isra.0",
            "beta",
            "int read(int n)",
            0,
            List.of("also"),
            Reason.FORBIDDEN,
            "a copy of read");
    private static final Row BARE =
            new Row(0xffffffff81000410L, "bare", null, "", 0, List.of(), Reason.NOT_TRACEABLE, "");

    @Test
    void aLineOfC() {
        assertThat(FunctionText.of(READ)).isEqualTo("ssize_t vfs_read(struct file *file)");
        assertThat(FunctionText.of(COPY))
                .isEqualTo(
                        "read.isra.0 [beta]  // cannot be probed: on the kernel's blacklist of kprobes (NOKPROBE); a copy of read: int read(int n); also named also");
        assertThat(FunctionText.of(BARE))
                .isEqualTo(
                        "bare  // cannot be probed: not traceable by ftrace (notrace, inline in the source, or assembler)");
    }

    @Test
    void anObjectOfJson() {
        assertThat(FunctionText.json(READ))
                .isEqualTo(
                        "{\"name\":\"vfs_read\",\"address\":\"0xffffffff81000110\",\"probeable\":true,\"prototype\":\"ssize_t vfs_read(struct file *file)\",\"size\":16}");
        assertThat(FunctionText.json(COPY))
                .isEqualTo(
                        "{\"name\":\"read.isra.0\",\"address\":\"0xffffffff81000310\",\"probeable\":false,\"module\":\"beta\","
                                + "\"reason\":\"on the kernel's blacklist of kprobes (NOKPROBE)\",\"prototype\":\"int read(int n)\","
                                + "\"aliases\":[\"also\"],\"remark\":\"a copy of read\"}");
    }
}
