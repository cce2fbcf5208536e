package org.kprobe4j.lab;

import java.nio.file.Path;
import java.util.Optional;

/**
 * All that a guest is booted from.
 *
 * @param row the kernel's row
 * @param kernel the kernel
 * @param tools the emulator, and the programs of this machine's side
 * @param ownRoot the guest's programs, where it cannot run this machine's
 */
record Provisions(KernelRow row, KernelImage kernel, Tools tools, Optional<GuestRoot> ownRoot) {

    /** Takes them from the cache; what is not there is downloaded first. */
    static Provisions of(KernelRow row, Progress progress) {
        LabCache cache = LabCache.open(progress);
        Tools tools = Tools.provide(cache, row.arch(), progress);
        KernelImage kernel = KernelImage.provide(cache, row, tools, progress);
        Optional<GuestRoot> root =
                row.foreign() ? Optional.of(GuestRoot.provide(cache, row.arch(), progress)) : Optional.empty();
        return new Provisions(row, kernel, tools, root);
    }

    /** The static shell that the guest boots with. */
    Path guestBusybox() {
        return ownRoot.map(GuestRoot::busybox).orElse(tools.busybox());
    }
}
