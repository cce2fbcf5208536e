package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;

/**
 * The instructions for each rule of the lowering. A value leaves through the private data {@code out}, so that a listing
 * holds little else: it starts after the hit is counted and the data is cleared, and ends before the map is written.
 */
class GoldenTest {
    static final class Data {
        long out;
        int word;
        byte small;
    }

    record Event(int a, byte b, long c) {}
}
