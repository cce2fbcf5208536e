package org.kprobe4j.compiler;

import java.util.Locale;

/** How Java's names of structures and fields become the kernel's. */
public final class KernelNames {
    private KernelNames() {}

    /**
     * The kernel's spelling.
     *
     * @param name a simple class name or a method's
     * @return {@code task_struct} for TaskStruct, {@code start_time} for startTime
     */
    public static String snakeCase(String name) {
        return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
    }
}
