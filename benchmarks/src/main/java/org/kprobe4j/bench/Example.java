package org.kprobe4j.bench;

import java.util.List;

/**
 * One of the kernel's two examples, as it stands, its output thrown away.
 *
 * @param program the file's name, without its end
 * @param argument what makes it probe the function that is called
 * @param module what the kernel's own module of this name adds to each hit by its printk, measured with a module built by hand
 */
record Example(String program, String argument, int module) {
    static List<Example> table() {
        return List.of(
                new Example("KprobeExample", "symbol=" + SeekLoop.FUNCTION, 16_830),
                new Example("KretprobeExample", "func=" + SeekLoop.FUNCTION, 6_654));
    }
}
