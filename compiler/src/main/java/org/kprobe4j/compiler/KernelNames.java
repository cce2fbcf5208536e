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
        var spelled = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char letter = name.charAt(i);
            if (i > 0 && letter >= 'A' && letter <= 'Z' && endsWord(name.charAt(i - 1))) {
                spelled.append('_');
            }
            spelled.append(letter);
        }
        return spelled.toString().toLowerCase(Locale.ROOT);
    }

    private static boolean endsWord(char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    }
}
