/**
 * The command line in two halves. {@link org.kprobe4j.cli.KprobeMain} reads it, compiles the user's file and decides where to
 * run it; {@link org.kprobe4j.cli.RunMain} runs the compiled program, here or inside a VM, and turns what it throws into a
 * message and an exit status. The second half loads as little as it can, since under emulation every class costs.
 */
package org.kprobe4j.cli;
