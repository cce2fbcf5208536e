package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.compiler.ProgramShape;

/**
 * Compares an entry handler's instructions with a listing. Its values leave through the private data, whose three fields are
 * at r10-32, r10-24 and r10-20.
 */
final class Golden {
    static final class Data {
        long out;
        int word;
        byte small;
    }

    private Golden() {}

    /** From the last store that clears the data to the load of the stack pointer for the map's key. */
    static void golden(EntryHandler<Data> handler, String expected) {
        String listing = Handlers.listing(new Handlers()
                .btf(Types::btf)
                .data(Data.class)
                .shaped(new ProgramShape.Entry(OptionalLong.empty()))
                .entry(handler));
        String opening = "*(u64 *)(r10 -24) = 0\n";
        int from = listing.indexOf(opening) + opening.length();
        int to = listing.lastIndexOf('\n', listing.indexOf("+152)", from)) + 1;
        assertThat(listing.substring(from, to)).isEqualTo(expected);
    }
}
