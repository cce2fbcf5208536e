package org.kprobe4j.bpf;

import org.jspecify.annotations.Nullable;

/**
 * What a map is to be.
 *
 * @param type the type
 * @param name shown by bpftool; letters, digits, {@code _} and {@code .}; cut to 15 characters
 * @param keySizeBytes size of a key; 0 for types without keys
 * @param valueSizeBytes size of a value; 0 for a ring buffer
 * @param maxEntries number of entries; for a ring buffer its size in bytes, a power of two and a multiple of the page size
 * @param flags such as {@link BpfMap#MMAPABLE}, or 0
 * @param btf types of key and value, or null
 * @param btfKeyTypeId type of the key in btf, 0 for none
 * @param btfValueTypeId type of the value in btf, 0 for none
 */
public record MapSpec(
        MapType type,
        String name,
        int keySizeBytes,
        int valueSizeBytes,
        int maxEntries,
        int flags,
        @Nullable BpfBtf btf,
        int btfKeyTypeId,
        int btfValueTypeId) {
    /**
     * A map without BTF.
     *
     * @param type the type
     * @param name shown by bpftool
     * @param keySizeBytes size of a key
     * @param valueSizeBytes size of a value
     * @param maxEntries number of entries; for a ring buffer its size in bytes
     * @param flags such as {@link BpfMap#MMAPABLE}, or 0
     * @return the spec
     */
    public static MapSpec of(
            MapType type, String name, int keySizeBytes, int valueSizeBytes, int maxEntries, int flags) {
        return new MapSpec(type, name, keySizeBytes, valueSizeBytes, maxEntries, flags, null, 0, 0);
    }

    /**
     * A ring buffer.
     *
     * @param name shown by bpftool
     * @param sizeBytes a power of two and a multiple of the page size
     * @return the spec
     */
    public static MapSpec ringbuf(String name, int sizeBytes) {
        return of(MapType.RINGBUF, name, 0, 0, sizeBytes, 0);
    }

    /**
     * The same with types, as task storage needs them.
     *
     * @param types loaded BTF
     * @param keyTypeId type of the key
     * @param valueTypeId type of the value
     * @return the spec
     */
    public MapSpec withBtf(BpfBtf types, int keyTypeId, int valueTypeId) {
        return new MapSpec(type, name, keySizeBytes, valueSizeBytes, maxEntries, flags, types, keyTypeId, valueTypeId);
    }
}
