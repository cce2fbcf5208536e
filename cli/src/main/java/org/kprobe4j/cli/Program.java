package org.kprobe4j.cli;

import java.nio.file.Path;

/**
 * A compiled program.
 *
 * @param classes the folder of its classes
 * @param mainClass the binary name of the class whose {@code main} starts it
 */
record Program(Path classes, String mainClass) {}
