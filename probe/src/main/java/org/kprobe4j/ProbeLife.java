package org.kprobe4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.internal.KernelSwitches;
import org.kprobe4j.internal.KernelSwitches.Way;
import org.kprobe4j.internal.OwnProbes;
import org.kprobe4j.internal.ProbeModules;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Switch;
import org.kprobe4j.internal.planting.FollowedPlace;

/** A planted probe's life until it is closed: on and off, its modules, the kernel's switches, and what is said of them at the end. */
final class ProbeLife {
    private final String what;
    private final String symbolName;
    private final Switch gate;
    private final List<Spot> spots = new ArrayList<>();
    private final Way way;
    private final Presence presence;
    private final boolean offWhenPlanted;
    private boolean closed;
    private List<String> remarks = List.of();

    private record Spot(long addr, boolean isReturn) {}

    /** Whether the code that is probed is there. */
    interface Presence {
        /** Whether none of it is there. */
        boolean isGone();

        /** Whether the probe is there again when the code is. */
        boolean mayReturn();

        /** What is to be said of what is not there. */
        List<String> remarks();
    }

    private ProbeLife(String what, String symbolName, Switch gate, Way way, Presence presence) {
        this.what = what;
        this.symbolName = symbolName;
        this.gate = gate;
        this.way = way;
        this.presence = presence;
        this.offWhenPlanted = KernelSwitches.kprobesOff();
        KernelSwitches.warning(symbolName, way).ifPresent(warning -> System.err.println("kprobe: " + warning));
    }

    /** Of a probe that was just planted; {@code what} is kprobe or kretprobe. */
    static ProbeLife of(String what, String symbolName, Switch gate, List<ProbePlace> places, Way way) {
        var known = new ArrayList<@Nullable String>();
        places.forEach(place -> known.add(place.module()));
        var modules = ProbeModules.of(ProbeModules.at(
                known, places.stream().mapToLong(ProbePlace::addr).toArray()));
        return new ProbeLife(what, symbolName, gate, way, new Presence() {
            @Override
            public boolean isGone() {
                return modules.allGone();
            }

            @Override
            public boolean mayReturn() {
                return false;
            }

            @Override
            public List<String> remarks() {
                return modules.remarks();
            }
        });
    }

    /** Of a probe that follows its module. */
    static ProbeLife following(String what, FollowedPlace place, Switch gate) {
        return new ProbeLife(what, place.toString(), gate, Way.FTRACE, new Presence() {
            @Override
            public boolean isGone() {
                return place.isGone();
            }

            @Override
            public boolean mayReturn() {
                return true;
            }

            @Override
            public List<String> remarks() {
                return place.remarks();
            }
        });
    }

    /** Notes where the kernel has a probe of ours; address 0 is hidden or changes. */
    ProbeLife at(long addr, boolean isReturn) {
        spots.add(new Spot(addr, isReturn));
        OwnProbes.planted(addr, isReturn);
        return this;
    }

    synchronized void disable() {
        requireOpen();
        gate.off();
    }

    synchronized void enable() {
        requireOpen();
        if (presence.isGone() && !presence.mayReturn()) {
            throw new RegistrationException(
                    "enable_%s failed, returned -22 (EINVAL): %s is %s"
                            .formatted(what, symbolName, presence.remarks().getFirst()),
                    Errno.EINVAL,
                    null);
        }
        gate.on();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the %s of %s is closed".formatted(what, symbolName));
        }
    }

    synchronized boolean isEnabled() {
        return !closed && gate.isOn();
    }

    synchronized ProbeState state() {
        if (closed) {
            return ProbeState.CLOSED;
        } else if (presence.isGone()) {
            return ProbeState.GONE;
        }
        boolean hits = gate.isOn() && (way == Way.LINK || !(offWhenPlanted || KernelSwitches.kprobesOff()));
        return hits ? ProbeState.ENABLED : ProbeState.DISABLED;
    }

    /** What the kernel dropped while the probe was on. */
    Switch.Dropped dropped() {
        return gate.dropped();
    }

    /** Before it is removed from the kernel. */
    synchronized void closing() {
        closed = true;
        remarks = presence.remarks();
        spots.forEach(spot -> OwnProbes.removed(spot.addr(), spot.isReturn()));
    }

    /** Adds to the account what else is to be known, behind the account itself. */
    void remark(long hits) {
        remarks.forEach(this::remark);
        Optional<String> off = hits == 0 ? KernelSwitches.remark(way, offWhenPlanted) : Optional.empty();
        off.ifPresent(this::remark);
    }

    private void remark(String line) {
        Runs.closed("%s: %s".formatted(symbolName, line));
    }
}
