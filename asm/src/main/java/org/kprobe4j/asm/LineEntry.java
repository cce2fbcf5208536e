package org.kprobe4j.asm;

/**
 * The source line of the instructions from a slot on: what becomes a {@code bpf_line_info} of the loaded program.
 *
 * @param slot the first instruction's slot
 * @param file the source file's name
 * @param line the line, from 1
 */
public record LineEntry(int slot, String file, int line) {
    @Override
    public String toString() {
        return file + ":" + line;
    }
}
