package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.LoadedModule;

/**
 * The modules that a probe's places lie in, and whether they are still the ones that it was planted in. A module that is loaded
 * again is another one, even at the same address: its folder in sysfs has a new number.
 *
 * <p>Thread-safe.
 */
public final class ProbeModules {
    private static final Path FOLDER = Path.of("/sys/module");

    private final Path folder;
    private final Map<String, Planted> modules = new TreeMap<>();
    private final int places;

    /** What was planted in a module: at how many places, and its folder's number at that time, 0 if it had none. */
    private record Planted(int places, long generation) {}

    private ProbeModules(Path folder, Collection<@Nullable String> modulesOfPlaces) {
        this.folder = folder;
        this.places = modulesOfPlaces.size();
        for (String module : modulesOfPlaces) {
            if (module != null) {
                modules.compute(
                        module,
                        (name, known) -> known == null
                                ? new Planted(1, generation(name))
                                : new Planted(known.places() + 1, known.generation()));
            }
        }
    }

    /**
     * Of a probe; to be asked right after it was planted.
     *
     * @param modulesOfPlaces for each place its module, null for one in the kernel itself
     */
    public static ProbeModules of(Collection<@Nullable String> modulesOfPlaces) {
        return new ProbeModules(FOLDER, modulesOfPlaces);
    }

    static ProbeModules of(Path folder, Collection<@Nullable String> modulesOfPlaces) {
        return new ProbeModules(folder, modulesOfPlaces);
    }

    /** Whether a module is loaded, or about to be. */
    public static boolean isLoaded(String module) {
        return Files.exists(FOLDER.resolve(module).resolve("initstate"));
    }

    /** The number of the module's folder: no two folders have the same one until the machine is booted again. */
    private long generation(String module) {
        try {
            return (Long) Files.getAttribute(folder.resolve(module), "unix:ino");
        } catch (IOException e) {
            return 0;
        }
    }

    private List<Map.Entry<String, Planted>> unloaded() {
        return modules.entrySet().stream()
                .filter(entry -> generation(entry.getKey()) != entry.getValue().generation()
                        || entry.getValue().generation() == 0)
                .toList();
    }

    /** Whether no place is left. */
    public boolean allGone() {
        return places > 0
                && unloaded().stream()
                                .mapToInt(entry -> entry.getValue().places())
                                .sum()
                        == places;
    }

    /** What is to be said of it: a line for each module that was unloaded. */
    public List<String> remarks() {
        var lines = new ArrayList<String>();
        for (var entry : unloaded()) {
            int gone = entry.getValue().places();
            String which = places == 1 ? "" : " %d of %d places:".formatted(gone, places);
            lines.add(
                    "GONE:%s module %s was unloaded; a probe sees it loaded again only with followModule() in its registration"
                            .formatted(which, entry.getKey()));
        }
        return lines;
    }

    /** For each place its module: the one that is known, else the one that lies at its address; null for the kernel itself. */
    public static List<@Nullable String> at(List<@Nullable String> known, long[] addresses) {
        List<LoadedModule> loaded = FunctionFiles.running().modules();
        var modules = new ArrayList<@Nullable String>();
        for (int i = 0; i < addresses.length; i++) {
            String module = known.get(i);
            modules.add(module != null ? module : at(loaded, addresses[i]).orElse(null));
        }
        return modules;
    }

    /** Kernels since 6.4 print where a module's code begins but the size of all that it has: so the nearest one below counts. */
    static Optional<String> at(List<LoadedModule> loaded, long address) {
        LoadedModule nearest = null;
        for (LoadedModule module : loaded) {
            boolean holds = module.address() != 0
                    && Long.compareUnsigned(module.address(), address) <= 0
                    && Long.compareUnsigned(address, module.address() + module.sizeBytes()) < 0;
            if (holds && (nearest == null || Long.compareUnsigned(nearest.address(), module.address()) < 0)) {
                nearest = module;
            }
        }
        return Optional.ofNullable(nearest).map(LoadedModule::name);
    }
}
