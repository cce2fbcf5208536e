package org.kprobe4j.internal.planting;

import java.util.List;
import java.util.Optional;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.symbols.KprobesList;
import org.kprobe4j.internal.ProbeModules;
import org.kprobe4j.internal.targets.TargetSpec;

/**
 * A place in a module, for a probe that the kernel plants whenever the module is loaded.
 *
 * @param module with {@code _}, as the kernel writes it
 * @param function its function
 * @param offset bytes from the function's first
 */
public record FollowedPlace(String module, String function, long offset) {
    /** What a target names, if it is a place in a module. */
    public static Optional<FollowedPlace> of(TargetSpec target) {
        if (target instanceof TargetSpec.Symbol symbol) {
            String module = symbol.module();
            if (module != null && !module.equals("vmlinux")) {
                return Optional.of(new FollowedPlace(module.replace('-', '_'), symbol.name(), symbol.offset()));
            }
        }
        return Optional.empty();
    }

    /** In the API's terms. */
    public ProbePlace place() {
        return new ProbePlace(function, module, offset, 0, List.of(), "follows its module");
    }

    /** As a handler's {@code symbolName()} gives it. */
    public String name() {
        return place().name();
    }

    /** As a tracefs event names it. */
    @Override
    public String toString() {
        return module + ":" + name();
    }

    /** Whether the probe cannot hit: the module is not loaded, or it is and the kernel found no such place in it. */
    public boolean isGone() {
        return !ProbeModules.isLoaded(module) || isRefused();
    }

    /** The kernel tells its refusal to nobody but its log; what it planted stands in the list, if this process may read it. */
    private boolean isRefused() {
        try {
            return KprobesList.read().stream()
                    .noneMatch(
                            probe -> module.equals(probe.module()) && function.equals(probe.symbol()) && !probe.gone());
        } catch (BpfException e) {
            return false;
        }
    }

    /** What is to be said of a place that is not there. */
    public List<String> remarks() {
        if (!ProbeModules.isLoaded(module)) {
            return List.of("GONE: module %s is not loaded".formatted(module));
        }
        return isRefused()
                ? List.of(
                        "GONE: module %s is loaded, but the kernel found no place for a probe at %s in it; dmesg says why"
                                .formatted(module, name()))
                : List.of();
    }
}
