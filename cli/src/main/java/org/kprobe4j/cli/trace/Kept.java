package org.kprobe4j.cli.trace;

import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Value;

/** A number of a call, and when it is read. */
sealed interface Kept {
    /** At the entry: what is kept for the return. */
    long enter(Moment entry);

    /** At the return. */
    long leave(Moment back, long kept);

    /** Read at the entry: memory changes until the return. */
    record AtEntry(Value value) implements Kept {
        @Override
        public long enter(Moment entry) {
            return value.value(entry);
        }

        @Override
        public long leave(Moment back, long kept) {
            return kept;
        }
    }

    /** Read at the return: what is known there only, or was kept by the probe itself, as arguments are. */
    record AtReturn(Value value) implements Kept {
        @Override
        public long enter(Moment entry) {
            return 0;
        }

        @Override
        public long leave(Moment back, long kept) {
            return value.value(back);
        }
    }

    /** No number. */
    record Nothing() implements Kept {
        @Override
        public long enter(Moment entry) {
            return 0;
        }

        @Override
        public long leave(Moment back, long kept) {
            return 0;
        }
    }
}
