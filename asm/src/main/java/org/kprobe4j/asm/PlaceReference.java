package org.kprobe4j.asm;

/**
 * A slot that depends on the number of the place that the program is attached to, known only when it is linked.
 *
 * @param slot the slot whose immediate grows
 * @param factor by how much for each place
 */
record PlaceReference(int slot, int factor) {}
