package org.kprobe4j.cli.trace;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.tool.ToolRun;

/** Shows calls: for people in the order in which they read, for machines as they return. */
final class Showing {
    private final Output output;
    private final ToolRun run;
    private final @Nullable CallText text;
    private final @Nullable CallRows rows;
    private final @Nullable ReadingOrder order;
    private boolean ended;

    private Showing(ToolRun run, @Nullable CallText text, @Nullable CallRows rows, boolean holds) {
        this.output = run.output();
        this.run = run;
        this.text = text;
        this.rows = rows;
        this.order = text == null || !holds ? null : new ReadingOrder(this::show);
    }

    /** @param holds whether calls inside others wait for those */
    static Showing forPeople(ToolRun run, CallText.What what, boolean holds) {
        return new Showing(run, new CallText(run.output(), what), null, holds);
    }

    static Showing forMachines(ToolRun run, boolean calls, Tracer.Extras extras, List<String> separate) {
        return new Showing(run, null, new CallRows(run.output(), calls, extras, separate), false);
    }

    void accept(Seen seen) {
        if (order != null) {
            order.accept(seen, System.nanoTime());
        } else {
            show(seen);
        }
    }

    private void show(Seen seen) {
        if (!run.admits()) {
            return;
        }
        if (text != null) {
            text.accept(seen);
        } else if (rows != null) {
            rows.accept(seen);
        }
    }

    /** All that came is taken. */
    void rest() {
        if (order != null) {
            order.tick(System.nanoTime());
        }
        output.flush();
    }

    /** No more come. */
    void close() {
        if (ended) {
            return;
        }
        ended = true;
        if (order != null) {
            order.end();
        }
        if (text != null) {
            text.close();
        }
        if (rows != null) {
            rows.close();
        }
        output.flush();
    }
}
