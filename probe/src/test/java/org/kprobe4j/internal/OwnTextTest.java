package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class OwnTextTest {
    private static final long ADDR = 0xffff_ffff_8100_0040L;
    private static final long SLOT = ADDR + 0x1000;

    /** Bytes from four before the address on, others when they have been read so often, and those of a slot. */
    private static final class Text implements OwnText.Source {
        private final byte[] first;
        private final byte[] then;
        private final byte[] slot;
        private int reads;

        Text(String first, String then, String slot) {
            this.first = bytes(first);
            this.then = bytes(then);
            this.slot = bytes(slot);
        }

        @Override
        public byte[] read(long address, int count) throws IOException {
            if (address == SLOT) {
                return Arrays.copyOf(slot, count);
            } else if (address != ADDR - 4) {
                throw new IOException("not mapped");
            }
            return Arrays.copyOf(reads++ < 2 ? first : then, count);
        }
    }

    private static byte[] bytes(String hex) {
        return HexFormat.ofDelimiter(" ").parseHex(hex);
    }

    @Test
    void aRemovedProbesJumpIsWaitedFor() throws IOException {
        String own = "0f 1f 44 00 41 54 55 53 48";
        // To SLOT, from the place itself: 0x1000 - 5.
        var here = new Text("0f 1f 44 00 e9 fb 0f 00 00", own, "6a 18 54 9c");
        assertThat(OwnText.read(here, ADDR, 5)).isEqualTo(bytes("41 54 55 53 48"));
        assertThat(here.reads).isEqualTo(3);
        // Its breakpoint, for a moment.
        var last = new Text("0f 1f 44 00 cc fb 0f 00 00", own, "54 9c");
        assertThat(OwnText.read(last, ADDR, 5)).isEqualTo(bytes("41 54 55 53 48"));
        // From two bytes before it: the instruction lies under the jump.
        var before = new Text("0f 1f e9 fd 0f 00 00 53 48", own, "54 9c");
        assertThat(OwnText.read(before, ADDR, 5)).isEqualTo(bytes("41 54 55 53 48"));
        assertThat(before.reads).isEqualTo(3);
    }

    @Test
    void otherJumpsAreTheKernelsOwn() throws IOException {
        var elsewhere = new Text("00 00 00 00 e9 fb 0f 00 00", "00", "55 48 89 e5 41 54 53 9c");
        assertThat(OwnText.read(elsewhere, ADDR, 5)).isEqualTo(bytes("e9 fb 0f 00 00"));
        assertThat(elsewhere.reads).isOne();
        var nowhere = new Text("00 00 00 e9 fb ff ff 7f 90", "00", "54 9c");
        assertThat(OwnText.read(nowhere, ADDR, 5)).isEqualTo(bytes("fb ff ff 7f 90"));
        assertThat(nowhere.reads).isOne();
    }
}
