package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Text;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Typed;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Kind;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which calls, and how they are grouped: the options of the tools that look at calls from their entry to their return. */
public final class CallOptions {
    private static final Typed FUNCTION = new Typed(new Type.Characters(), null, new Text.Function(), false);

    @Option(
            names = "--by",
            paramLabel = "KEY",
            description =
                    "A group for each value of these expressions: comm, pid, tid, uid, cpu, cgroup, func, retval, arguments by name, "
                            + "their fields (file->f_inode->i_ino). Several functions are grouped by func unless this is given.")
    private List<String> keys = new ArrayList<>();

    @Option(names = "--errors", description = "Only calls that failed, grouped by their error.")
    private boolean errors;

    @Option(names = "--top", paramLabel = "N", description = "Only the N largest groups.")
    private @Nullable Integer top;

    @Mixin
    private FilterOptions filters = new FilterOptions();

    @Mixin
    private OutputOptions outputs = new OutputOptions();

    @Mixin
    private RunOptions options = new RunOptions();

    @Parameters(
            arity = "1..*",
            paramLabel = "TARGET",
            description =
                    "Functions: vfs_read, 'tcp_*', '/^vfs_(read|write)$/', nf_tables:nft_do_chain, '(struct file *)'.")
    private List<String> targets = new ArrayList<>();

    /** Nothing asked for. */
    public CallOptions() {}

    /** The target, several of them as one. */
    String target() {
        return Targets.joined(targets);
    }

    boolean errors() {
        return errors;
    }

    int most() {
        return top == null ? Integer.MAX_VALUE : top;
    }

    /** Whether the entry decides something. */
    boolean hasExpressions() {
        return !filters.conditions().isEmpty() || !keys.isEmpty();
    }

    int execute(String name, Invocation invocation, Tool tool) {
        if (top != null && top < 1) {
            throw new KprobeException("--top %d: at least 1".formatted(top));
        }
        if (options.maxEvents().isPresent()) {
            throw new KprobeException(
                    "--max-events: %s shows no events; --duration ends it after a time, --top shortens the list"
                            .formatted(name));
        }
        return ToolRun.execute(options, filters, outputs, invocation, tool);
    }

    /** What a call must fulfil. */
    Condition condition(ToolRun run, Expressions over) {
        Condition given = run.condition(over);
        return errors ? given.and(over.condition("failed")) : given;
    }

    /** The groups' keys. */
    List<KeyColumn> columns(Expressions over, boolean byError) {
        var columns = new ArrayList<KeyColumn>();
        if (keys.isEmpty() && !Targets.isOne(target())) {
            columns.add(new KeyColumn(Column.of("function", Kind.TEXT), FUNCTION));
        }
        for (String list : keys) {
            for (String key : Targets.split(list)) {
                columns.add(KeyColumn.of(key, over.read(key)));
            }
        }
        if (byError
                && columns.stream().noneMatch(column -> column.column().name().equals("retval"))) {
            columns.add(new KeyColumn(Column.of("error", Kind.TEXT), over.read("retval")));
        }
        return columns;
    }
}
