package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Expressions.Condition;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which calls, and how they are grouped: the options of the tools that look at calls from their entry to their return. */
public final class CallOptions {
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

    @Option(
            names = "--max-keys",
            paramLabel = "N",
            description =
                    "Room for so many groups in the kernel (default: latency 1024, 8 KiB each; ret 16384); the account tells "
                            + "what found none.")
    private @Nullable Integer maxKeys;

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

    /** For so many groups there is room. */
    int room(int usual) {
        return maxKeys == null ? usual : maxKeys;
    }

    int execute(String name, Invocation invocation, Tool tool) {
        Room.check("--max-keys", maxKeys);
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

    /**
     * What is asked of the target's calls.
     *
     * @param run has the filters
     * @param byError whether those that failed are told apart by their errors
     * @param counted whether it is counted what they return
     */
    List<FunctionGroup> groups(ToolRun run, boolean byError, boolean counted) {
        String target = target();
        boolean named = !filters.conditions().isEmpty() || !keys.isEmpty();
        return FunctionGroup.of(target, named, errors || counted, over -> {
            Condition given = run.condition(over);
            return new Asked(
                    errors ? given.and(over.condition("failed")) : given,
                    columns(over, byError && errors),
                    counted ? over.read("retval") : null);
        });
    }

    private List<KeyColumn> columns(Expressions over, boolean byError) {
        List<KeyColumn> columns = KeyColumn.all(keys, over);
        if (columns.isEmpty() && !Targets.isOne(target())) {
            columns.add(KeyColumn.FUNCTION);
        }
        if (byError
                && columns.stream().noneMatch(column -> column.column().name().equals("retval"))) {
            columns.add(KeyColumn.error(over.read("retval")));
        }
        return columns;
    }
}
