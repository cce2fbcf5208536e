package org.kprobe4j.internal.planting;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfLink;
import org.kprobe4j.bpf.GracePeriod;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Switch;
import org.kprobe4j.internal.Timing;

/**
 * A function's entry or return by its trampoline: fentry or fexit. The kernel drops no hit but those of the program's own recursion. Since
 * kernel: 5.5. Source: kernel/bpf/trampoline.c.
 */
public final class TrampolineAttachment implements Attachment, LinkGate.Links {
    private final boolean switchesItself;
    private @Nullable BpfLink link;

    /** Of a program that has a switch of its own, or one that is taken from the function to switch it off. */
    public TrampolineAttachment(boolean programIsSwitched) {
        this.switchesItself = !programIsSwitched;
    }

    /** Whether the kernel lets a program be attached a second time. Source: bpf_tracing_prog_attach() since Linux 5.13. */
    public static boolean canSwitch() {
        return KernelVersion.running().atLeast(5, 13);
    }

    @Override
    public Switch.Gate gate(LoadedProgram program) {
        return switchesItself ? new LinkGate(this, program) : program;
    }

    @Override
    public synchronized boolean areAttached() {
        return link != null;
    }

    @Override
    public synchronized void detach() {
        if (link != null) {
            link.close();
            link = null;
        }
    }

    @Override
    public synchronized void attach(LoadedProgram program) {
        try (var _ = Timing.of(Timing.Phase.ATTACH)) {
            link = BpfLink.tracing(program.program());
        }
    }

    @Override
    public long missed() {
        return 0;
    }

    /** Since 5.12 programs of trampolines have their recursion counted, those of perf events since 6.7. */
    @Override
    public boolean tellsRecursion() {
        return KernelVersion.running().atLeast(5, 12);
    }

    @Override
    public boolean isLink() {
        return true;
    }

    @Override
    public synchronized void close() {
        if (link != null) {
            detach();
            GracePeriod.await();
        }
    }
}
