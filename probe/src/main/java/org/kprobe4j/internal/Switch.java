package org.kprobe4j.internal;

import java.util.List;
import java.util.function.Supplier;
import org.kprobe4j.bpf.GracePeriod;

/**
 * Whether a probe is on, and what of the kernel's counts belongs to the time when it was. A probe that is off stays planted: its
 * program leaves at once, and the kernel goes on counting what it drops.
 *
 * <p>Thread-safe.
 */
public final class Switch {
    private final List<Gate> gates;
    private final Supplier<Dropped> kernel;
    private boolean on;
    private Dropped whenOff = Dropped.NONE;
    private Dropped whileOff = Dropped.NONE;

    /** What keeps a probe's programs from running: a word that each reads first, or that it is not attached. */
    public interface Gate {
        /** Whether it lets hits begin. */
        boolean isOpen();

        /** Opens or closes it. */
        void open(boolean open);
    }

    /**
     * Hits that the kernel did not hand to a program: its counts since the probe was planted.
     *
     * @param missed nmissed; -1 if the kernel does not tell
     * @param atEntry dropped where a hit begins because another program was running on the CPU; -1 if the kernel does not tell
     * @param atReturn the same of a return probe's returns
     */
    public record Dropped(long missed, long atEntry, long atReturn) {
        /** Nothing. */
        public static final Dropped NONE = new Dropped(0, 0, 0);

        Dropped plus(Dropped other) {
            return new Dropped(missed + other.missed, atEntry + other.atEntry, atReturn + other.atReturn);
        }

        /** What is not known stays so. */
        Dropped minus(Dropped other) {
            return new Dropped(
                    minus(missed, other.missed), minus(atEntry, other.atEntry), minus(atReturn, other.atReturn));
        }

        private static long minus(long all, long some) {
            return all < 0 ? all : Math.max(0, all - Math.max(0, some));
        }
    }

    /**
     * Of gates as they are now; all the same.
     *
     * @param gates those of the programs with which a hit begins
     * @param kernel the kernel's counts of now
     */
    public Switch(List<? extends Gate> gates, Supplier<Dropped> kernel) {
        this.gates = List.copyOf(gates);
        this.kernel = kernel;
        this.on = gates.stream().allMatch(Gate::isOpen);
    }

    /** Whether hits are counted. */
    public synchronized boolean isOn() {
        return on;
    }

    /** No hit begins any more, and when this returns those that had begun have ended. */
    public synchronized void off() {
        if (!on) {
            return;
        }
        on = false;
        gates.forEach(gate -> gate.open(false));
        GracePeriod.await();
        whenOff = kernel.get();
    }

    /** From now on hits are counted. */
    public synchronized void on() {
        if (on) {
            return;
        }
        whileOff = whileOff.plus(kernel.get().minus(whenOff));
        gates.forEach(gate -> gate.open(true));
        on = true;
    }

    /** What the kernel dropped while the probe was on. */
    public synchronized Dropped dropped() {
        Dropped now = kernel.get();
        Dropped off = on ? whileOff : whileOff.plus(now.minus(whenOff));
        return now.minus(off);
    }
}
