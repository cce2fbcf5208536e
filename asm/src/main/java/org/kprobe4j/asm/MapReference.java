package org.kprobe4j.asm;

/**
 * An instruction that names a map, whose fd is known only when the program is loaded.
 *
 * @param slot the slot of the instruction, whose immediate takes the fd
 * @param map the map's name
 */
public record MapReference(int slot, String map) {}
