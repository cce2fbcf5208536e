package org.kprobe4j.cli.expression;

import org.kprobe4j.Kprobe;
import org.kprobe4j.KretprobeInstance;
import org.kprobe4j.PtRegs;

/** What a handler has at hand when its probe is hit. A handler makes it, the compiler takes it apart: it costs nothing. */
public sealed interface Moment {
    /** An argument register as it was at the function's entry. */
    long arg(int register);

    /** The return value's whole register; a function's return only. */
    long returned();

    /** Nanoseconds since the function was entered; a function's return only. */
    long duration();

    /** The address of the place that was hit. */
    long place();

    /** Its name. */
    String function();

    /** At a place where no call is followed. */
    record AtPlace(Kprobe probe, PtRegs regs) implements Moment {
        @Override
        public long arg(int register) {
            return regs.arg(register);
        }

        @Override
        public long returned() {
            return 0;
        }

        @Override
        public long duration() {
            return 0;
        }

        @Override
        public long place() {
            return probe.addr();
        }

        @Override
        public String function() {
            return probe.symbolName();
        }
    }

    /** In a call that is followed, at its entry or its return. */
    record InCall(KretprobeInstance<?> instance, PtRegs regs, long duration) implements Moment {
        @Override
        public long arg(int register) {
            return instance.arg(register);
        }

        @Override
        public long returned() {
            return regs.returnValue();
        }

        @Override
        public long place() {
            return instance.addr();
        }

        @Override
        public String function() {
            return instance.symbolName();
        }
    }
}
