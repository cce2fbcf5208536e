package org.kprobe4j.cli.trace;

import org.kprobe4j.Kernel;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Text;
import org.kprobe4j.cli.expression.Value;

/** A text of a call, read and sent by a handler. */
sealed interface Said {
    /** So many bytes of a text travel, with its end. */
    int BYTES = 128;

    /** It was sent. */
    int SENT = 1;

    /** It is to be tried again when the call returns. */
    int AGAIN = 1 << Byte.SIZE;

    /** What was sent of all texts. */
    int ALL_SENT = AGAIN - 1;

    /**
     * Reads the text and sends it.
     *
     * @param of the call
     * @return {@link #SENT}, {@link #AGAIN}, or 0 where there is no text
     */
    int send(RingBuffer<TraceEvent> events, TraceEvent.Origin of, int slot, Moment moment);

    /** None. */
    record Nothing() implements Said {
        @Override
        public int send(RingBuffer<TraceEvent> events, TraceEvent.Origin of, int slot, Moment moment) {
            return 0;
        }
    }

    /**
     * What a {@code char *} leads to: the types do not say whether that is memory of the kernel or of the process; the address does. A page
     * of the process that is not present yet is there when the call returns, for the call has read it.
     */
    record Characters(Value address) implements Said {
        @Override
        public int send(RingBuffer<TraceEvent> events, TraceEvent.Origin of, int slot, Moment moment) {
            long at = address.value(moment);
            if (at < 0) {
                events.emit(new TraceEvent.Words(of, slot, Kernel.stringOrEmpty(at, BYTES)));
                return SENT;
            } else if (at == 0) {
                return 0;
            }
            String text = Kernel.userStringOrEmpty(at, BYTES);
            if (text.isEmpty()) {
                return AGAIN;
            }
            events.emit(new TraceEvent.Words(of, slot, text));
            return SENT;
        }
    }

    /** A text of an expression. */
    record Expressed(Text text) implements Said {
        @Override
        public int send(RingBuffer<TraceEvent> events, TraceEvent.Origin of, int slot, Moment moment) {
            events.emit(new TraceEvent.Words(of, slot, text.text(moment)));
            return SENT;
        }
    }

    /** The name of a file, where its address is none of an error. */
    record FileName(Value address, Text text) implements Said {
        static final long LAST_ADDRESS = -4096;

        @Override
        public int send(RingBuffer<TraceEvent> events, TraceEvent.Origin of, int slot, Moment moment) {
            long at = address.value(moment);
            if (at >= LAST_ADDRESS) {
                return 0;
            }
            events.emit(new TraceEvent.FileName(of, slot, text.text(moment)));
            return SENT;
        }
    }

    /** What lies behind a pointer that may be none. */
    record Behind(Value pointer, Said text) implements Said {
        @Override
        public int send(RingBuffer<TraceEvent> events, TraceEvent.Origin of, int slot, Moment moment) {
            long at = pointer.value(moment);
            return at < FileName.LAST_ADDRESS ? text.send(events, of, slot, moment) : 0;
        }
    }
}
