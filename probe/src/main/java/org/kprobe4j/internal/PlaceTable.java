package org.kprobe4j.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.compiler.Places;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.internal.planting.Sites;

/** Names and addresses of a probe's places for its programs; made in the kernel when a program asks for it. */
public final class PlaceTable implements AutoCloseable {
    private final List<ProbePlace> places;
    private final Planted.Many planted;
    private @Nullable BpfMap map;

    private PlaceTable(List<ProbePlace> places, Planted.Many planted) {
        this.places = places;
        this.planted = planted;
    }

    /**
     * For a probe of several places.
     *
     * @param target what the probe was asked for
     * @param typed whether handlers ask for the functions' types
     */
    public static PlaceTable of(String target, Sites sites, boolean typed) {
        List<ProbePlace> places = sites.places();
        int longest = places.stream()
                .mapToInt(place -> place.name().getBytes(StandardCharsets.UTF_8).length)
                .max()
                .orElseThrow();
        return new PlaceTable(
                places,
                new Planted.Many(
                        target,
                        places.size(),
                        Places.nameBytes(longest),
                        numbering(),
                        typed ? sites.typesOf() : Optional.empty()));
    }

    private static Planted.Numbering numbering() {
        return Features.running()
                        .helper(ProgramType.KPROBE, Helper.GET_ATTACH_COOKIE.id())
                        .isYes()
                ? Planted.Numbering.COOKIE
                : Planted.Numbering.LINKED;
    }

    /** What the compiler must know. */
    public Planted.Many planted() {
        return planted;
    }

    /** Descriptor of the table. */
    public int fd() {
        BpfMap made = map;
        if (made == null) {
            made = make();
            map = made;
        }
        return made.fd();
    }

    private BpfMap make() {
        int row = Places.rowBytes(planted.nameBytes());
        ByteBuffer table = ByteBuffer.allocateDirect(row * places.size()).order(ByteOrder.nativeOrder());
        for (int i = 0; i < places.size(); i++) {
            Places.write(table, i * row, places.get(i).addr(), places.get(i).name());
        }
        BpfMap made = BpfMap.create(MapType.ARRAY, Places.MAP, Integer.BYTES, table.capacity(), 1, 0);
        try {
            fill(made, table);
            return made;
        } catch (RuntimeException e) {
            made.close();
            throw e;
        }
    }

    private static void fill(BpfMap map, ByteBuffer table) {
        byte[] value = new byte[table.capacity()];
        table.get(0, value);
        map.update(new byte[Integer.BYTES], value);
    }

    @Override
    public void close() {
        if (map != null) {
            map.close();
        }
    }
}
