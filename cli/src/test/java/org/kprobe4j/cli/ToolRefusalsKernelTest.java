package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.cli.tool.Ran;

/** What trace, stacks and calls refuse when they are to be planted, word for word. */
@Tag("kernel")
class ToolRefusalsKernelTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "trace vfs_read --args --print count,retval | kprobe: --print 'retval': it is known when the function returns, which is not waited for; leave --args out",
                "trace vfs_read+0x0 --print retval | kprobe: --print 'retval': it is known when the function returns, which is not waited for at an offset",
                "trace vfs_read --args --when retval<0 | kprobe: --when: what a call returns and how long it takes is not known when it begins; leave --args out",
                "trace vfs_read+0x0 --when duration>1ms | kprobe: --when: what a call returns and how long it takes is not known at an offset",
                "trace vfs_read --print pid,tid,cpu,uid,count,retval,duration,pos,buf | kprobe: --print: a call has room for 8 numbers; leave 'buf' or another out",
                "trace vfs_read --print comm,func,path(file),ustr(buf),str(buf) | kprobe: --print: a call has room for 4 texts; leave 'str(buf)' or another out",
                "calls vfs_read --depth 3 --max-functions 2 | kprobe: --depth 3 finds N functions below vfs_read, more than 2; a smaller --depth, or --max-functions N",
            })
    void in_one_line(String line, String expected) {
        var words = new ArrayList<>(List.of(line.strip().split(" +")));
        words.addAll(List.of("--", "true"));
        Ran ran = Ran.ran(words.toArray(String[]::new)).ended(125);
        assertThat(ran.err())
                .filteredOn(text -> !text.contains("not followed"))
                .extracting(
                        text -> text.replaceAll("finds \\d+", "finds N").replaceAll("functions \\d+$", "functions N"))
                .containsExactly(expected.strip());
    }
}
