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

    /**
     * Reads the text and sends it.
     *
     * @return whether it is to be tried again when the call returns
     */
    boolean send(RingBuffer<TraceEvent> events, long start, int cpu, int slot, Moment moment);

    /** None. */
    record Nothing() implements Said {
        @Override
        public boolean send(RingBuffer<TraceEvent> events, long start, int cpu, int slot, Moment moment) {
            return false;
        }
    }

    /**
     * What a {@code char *} leads to: the types do not say whether that is memory of the kernel or of the process; the address does. A page
     * of the process that is not present yet is there when the call returns, for the call has read it.
     */
    record Characters(Value address) implements Said {
        @Override
        public boolean send(RingBuffer<TraceEvent> events, long start, int cpu, int slot, Moment moment) {
            long at = address.value(moment);
            if (at < 0) {
                events.emit(new TraceEvent.Words(start, cpu, slot, Kernel.stringOrEmpty(at, BYTES)));
                return false;
            } else if (at == 0) {
                return false;
            }
            String text = Kernel.userStringOrEmpty(at, BYTES);
            if (text.isEmpty()) {
                return true;
            }
            events.emit(new TraceEvent.Words(start, cpu, slot, text));
            return false;
        }
    }

    /** A text of an expression. */
    record Expressed(Text text) implements Said {
        @Override
        public boolean send(RingBuffer<TraceEvent> events, long start, int cpu, int slot, Moment moment) {
            events.emit(new TraceEvent.Words(start, cpu, slot, text.text(moment)));
            return false;
        }
    }

    /** The name of a file, where its address is none of an error. */
    record FileName(Value address, Text text) implements Said {
        static final long LAST_ADDRESS = -4096;

        @Override
        public boolean send(RingBuffer<TraceEvent> events, long start, int cpu, int slot, Moment moment) {
            long at = address.value(moment);
            if (at < LAST_ADDRESS) {
                events.emit(new TraceEvent.FileName(start, cpu, slot, text.text(moment)));
            }
            return false;
        }
    }

    /** What lies behind a pointer that may be none. */
    record Behind(Value pointer, Said of) implements Said {
        @Override
        public boolean send(RingBuffer<TraceEvent> events, long start, int cpu, int slot, Moment moment) {
            long at = pointer.value(moment);
            return at < FileName.LAST_ADDRESS && of.send(events, start, cpu, slot, moment);
        }
    }
}
