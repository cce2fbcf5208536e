package org.kprobe4j.bpf;

import java.util.List;
import org.kprobe4j.bpf.internal.OpenObjects;

/**
 * What is open: descriptors, mappings and tracefs events of this module, for tests that assert that nothing leaks.
 *
 * <p>Recorded if assertions are enabled for this module or the system property {@code kprobe4j.trackOpen} is {@code true}
 * when the first object is opened. Thread-safe.
 */
public final class OpenDescriptors {
    private OpenDescriptors() {}

    /**
     * Whether open objects are recorded.
     *
     * @return true if so; otherwise {@link #list} is always empty
     */
    public static boolean tracking() {
        return OpenObjects.TRACKING;
    }

    /**
     * What is open now.
     *
     * @return in the order of opening
     */
    public static List<OpenDescriptor> list() {
        return OpenObjects.list().stream()
                .map(each -> new OpenDescriptor(each.what(), each.openedAt()))
                .toList();
    }
}
