package org.kprobe4j.internal.planting;

import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Switch;

/** Switches a program that has no switch of its own, which saves instructions at each hit: its link is taken away and made again. */
record LinkGate(Links links, LoadedProgram program) implements Switch.Gate {
    /** What can be taken away and made again. */
    interface Links {
        /** Whether the program is attached. */
        boolean areAttached();

        /** Attaches the program. */
        void attach(LoadedProgram program);

        /** Takes it away; runs that have begun may still end. */
        void detach();
    }

    @Override
    public boolean isOpen() {
        return links.areAttached();
    }

    @Override
    public void open(boolean open) {
        if (open) {
            links.attach(program);
        } else {
            links.detach();
        }
    }
}
