package org.kprobe4j.cli.trace;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.output.Output;

/** Shows calls: for people in the order in which they read, for machines as they return. */
final class Showing {
    private final Output output;
    private final BooleanSupplier admits;
    private final @Nullable CallText text;
    private final @Nullable CallRows rows;
    private final @Nullable ReadingOrder order;
    private boolean ended;

    private Showing(
            Output output, BooleanSupplier admits, @Nullable CallText text, @Nullable CallRows rows, boolean holds) {
        this.output = output;
        this.admits = admits;
        this.text = text;
        this.rows = rows;
        this.order = text == null || !holds ? null : new ReadingOrder(this::show);
    }

    /**
     * As text.
     *
     * @param admits asked for each call whether one more is wanted
     * @param holds whether calls inside others wait for those
     */
    static Showing forPeople(Output output, BooleanSupplier admits, CallText.What what, boolean holds) {
        return new Showing(output, admits, new CallText(output, what), null, holds);
    }

    /**
     * As rows.
     *
     * @param admits asked for each call whether one more is wanted
     * @param calls whether returns are waited for
     * @param separate the names of values that have a column each; empty if all share one
     */
    static Showing forMachines(
            Output output, BooleanSupplier admits, boolean calls, Tracer.Extras extras, List<String> separate) {
        return new Showing(output, admits, null, new CallRows(output, calls, extras, separate), false);
    }

    void accept(Seen seen) {
        if (order != null) {
            order.accept(seen, System.nanoTime());
        } else {
            show(seen);
        }
    }

    private void show(Seen seen) {
        if (!admits.getAsBoolean()) {
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
