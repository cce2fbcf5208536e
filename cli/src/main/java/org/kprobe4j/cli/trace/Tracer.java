package org.kprobe4j.cli.trace;

import org.kprobe4j.Counter;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KretprobeInstance;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.TaskLocal;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.tool.Scope;

/**
 * The handlers of a trace. What is known beforehand, which is all but the numbers themselves, is compiled away.
 *
 * @param events takes the records
 * @param wanted counts the calls whose record was sent, or lost
 * @param scope whose calls
 * @param condition which calls
 * @param reads what of them
 * @param nesting the depth of each task
 * @param extras what else of a call
 * @param callers where its stack is taken
 */
record Tracer(
        RingBuffer<TraceEvent> events,
        Counter wanted,
        Scope scope,
        Condition condition,
        Reads reads,
        Nesting nesting,
        Extras extras,
        Callers callers) {
    /**
     * What is read of a call, slot by slot.
     *
     * @param n0 a number
     * @param t0 a text
     * @param l0 a text that is known at the return only
     */
    record Reads(
            Kept n0,
            Kept n1,
            Kept n2,
            Kept n3,
            Kept n4,
            Kept n5,
            Kept n6,
            Kept n7,
            Said t0,
            Said t1,
            Said t2,
            Said t3,
            Said l0,
            Said l1,
            Said l2,
            Said l3) {
        /** Sends the texts that are known at the entry; which were sent, and which are to be tried again. */
        int sendEarly(RingBuffer<TraceEvent> events, TraceEvent.Origin of, Moment moment) {
            int sent = t0.send(events, of, 0, moment);
            sent |= t1.send(events, of, 1, moment) << 1;
            sent |= t2.send(events, of, 2, moment) << 2;
            sent |= t3.send(events, of, 3, moment) << 3;
            return sent;
        }

        /** Sends those that are known at the return, and tries again; which were sent. */
        int sendLate(RingBuffer<TraceEvent> events, TraceEvent.Origin of, int early, Moment moment) {
            int sent = early;
            if (early >= Said.AGAIN) {
                sent |= (early & Said.AGAIN) != 0 ? t0.send(events, of, 0, moment) : 0;
                sent |= (early & Said.AGAIN << 1) != 0 ? t1.send(events, of, 1, moment) << 1 : 0;
                sent |= (early & Said.AGAIN << 2) != 0 ? t2.send(events, of, 2, moment) << 2 : 0;
                sent |= (early & Said.AGAIN << 3) != 0 ? t3.send(events, of, 3, moment) << 3 : 0;
            }
            sent |= l0.send(events, of, 0, moment);
            sent |= l1.send(events, of, 1, moment) << 1;
            sent |= l2.send(events, of, 2, moment) << 2;
            sent |= l3.send(events, of, 3, moment) << 3;
            return sent & Said.ALL_SENT;
        }
    }

    /** What else of a call is sent at its entry. */
    record Extras(boolean stack, boolean userStack, boolean registers) {
        static final Extras NONE = new Extras(false, false, false);

        Extras withoutStack() {
            return new Extras(false, userStack, registers);
        }

        /** Which were sent. */
        int send(RingBuffer<TraceEvent> events, TraceEvent.Origin of, PtRegs regs) {
            int sent = 0;
            if (stack) {
                events.emit(new TraceEvent.Frames(of, Kernel.stack()));
                sent |= TraceEvent.STACK;
            }
            if (userStack) {
                events.emit(new TraceEvent.UserFrames(of, Kernel.userStack()));
                sent |= TraceEvent.USER_STACK;
            }
            if (registers) {
                events.emit(new TraceEvent.Registers(of, regs));
                sent |= TraceEvent.REGISTERS;
            }
            return sent;
        }
    }

    /** What a call keeps from its entry to its return. */
    static final class Call {
        long start;
        long n0;
        long n1;
        long n2;
        long n3;
        long n4;
        long n5;
        long n6;
        long n7;
        int cpu;
        int depth;

        /** Which texts and what else was sent, which texts are to be tried again. */
        int sent;
    }

    /** At a call's entry. */
    EntryHandler<Call> entry() {
        return (ri, regs) -> enter(ri, regs);
    }

    /** At its return. */
    ReturnHandler<Call> back() {
        return (ri, regs) -> leave(ri, regs);
    }

    /** In front of a call's entry: sends its stack. */
    PreHandler before(TaskLocal<Long> reached) {
        return (p, regs) -> {
            var moment = new Moment.AtPlace(p, regs);
            if (!scope.covers() || condition.atEntry().value(moment) == 0) {
                return 0;
            }
            long start = Kernel.ktimeNs();
            var of = new TraceEvent.Origin(
                    start, p.addr(), Kernel.cpu(), nesting.depth(), Kernel.pid(), Kernel.tid(), Kernel.comm());
            events.emit(new TraceEvent.Frames(of, Kernel.stack()));
            reached.set(start);
            return 0;
        };
    }

    /** At a place where no return is waited for. */
    PreHandler hit() {
        return (p, regs) -> {
            var moment = new Moment.AtPlace(p, regs);
            if (!scope.covers() || condition.atEntry().value(moment) == 0) {
                return 0;
            }
            long start = Kernel.ktimeNs();
            int cpu = Kernel.cpu();
            var of = new TraceEvent.Origin(start, p.addr(), cpu, 0, Kernel.pid(), Kernel.tid(), Kernel.comm());
            int sent = (reads.sendEarly(events, of, moment) & Said.ALL_SENT) | extras.send(events, of, regs);
            events.emit(new TraceEvent.Call(
                    start,
                    0,
                    p.addr(),
                    0,
                    cpu,
                    (short) 0,
                    (short) sent,
                    Kernel.pid(),
                    Kernel.tid(),
                    Kernel.comm(),
                    reads.n0.leave(moment, reads.n0.enter(moment)),
                    reads.n1.leave(moment, reads.n1.enter(moment)),
                    reads.n2.leave(moment, reads.n2.enter(moment)),
                    reads.n3.leave(moment, reads.n3.enter(moment)),
                    reads.n4.leave(moment, reads.n4.enter(moment)),
                    reads.n5.leave(moment, reads.n5.enter(moment)),
                    reads.n6.leave(moment, reads.n6.enter(moment)),
                    reads.n7.leave(moment, reads.n7.enter(moment))));
            // Behind it: a handler that stopped while it read sent nothing.
            wanted.increment();
            return 0;
        };
    }

    private int enter(KretprobeInstance<Call> ri, PtRegs regs) {
        var moment = new Moment.InCall(ri, regs, 0);
        if (!scope.covers() || condition.atEntry().value(moment) == 0) {
            return 1;
        }
        long start = callers.start();
        int cpu = Kernel.cpu();
        Call call = ri.data();
        call.start = start;
        call.cpu = cpu;
        call.depth = nesting.enter();
        call.n0 = reads.n0.enter(moment);
        call.n1 = reads.n1.enter(moment);
        call.n2 = reads.n2.enter(moment);
        call.n3 = reads.n3.enter(moment);
        call.n4 = reads.n4.enter(moment);
        call.n5 = reads.n5.enter(moment);
        call.n6 = reads.n6.enter(moment);
        call.n7 = reads.n7.enter(moment);
        var of = new TraceEvent.Origin(start, ri.addr(), cpu, call.depth, Kernel.pid(), Kernel.tid(), Kernel.comm());
        call.sent = reads.sendEarly(events, of, moment)
                | extras.send(events, of, regs)
                | (callers.sent(start) ? TraceEvent.STACK : 0);
        return 0;
    }

    private int leave(KretprobeInstance<Call> ri, PtRegs regs) {
        Call call = ri.data();
        long start = call.start;
        int cpu = call.cpu;
        long duration = Kernel.ktimeNs() - start;
        var moment = new Moment.InCall(ri, regs, duration);
        nesting.leave(call.depth);
        if (condition.atReturn().value(moment) == 0) {
            return 0;
        }
        var of = new TraceEvent.Origin(start, ri.addr(), cpu, call.depth, Kernel.pid(), Kernel.tid(), Kernel.comm());
        int sent = reads.sendLate(events, of, call.sent, moment);
        events.emit(new TraceEvent.Call(
                start,
                duration,
                ri.addr(),
                regs.returnValue(),
                cpu,
                (short) call.depth,
                (short) sent,
                Kernel.pid(),
                Kernel.tid(),
                Kernel.comm(),
                reads.n0.leave(moment, call.n0),
                reads.n1.leave(moment, call.n1),
                reads.n2.leave(moment, call.n2),
                reads.n3.leave(moment, call.n3),
                reads.n4.leave(moment, call.n4),
                reads.n5.leave(moment, call.n5),
                reads.n6.leave(moment, call.n6),
                reads.n7.leave(moment, call.n7)));
        wanted.increment();
        return 0;
    }
}
