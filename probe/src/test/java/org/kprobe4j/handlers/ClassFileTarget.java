package org.kprobe4j.handlers;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** For the fuzzer: the sample handler with one of its class files replaced; the first byte says which. */
public final class ClassFileTarget {
    private ClassFileTarget() {}

    /** Compiles; whatever else than a program or reasons comes out is a finding. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length > 0) {
            String type = DamagedClassTest.TYPES.get((input[0] & 0xff) % DamagedClassTest.TYPES.size());
            DamagedClassTest.survives(type, Arrays.copyOfRange(input, 1, input.length));
        }
    }

    /** Whole class files to start from, by a name for each. */
    public static Map<String, byte[]> seeds() {
        var seeds = new LinkedHashMap<String, byte[]>();
        for (int i = 0; i < DamagedClassTest.TYPES.size(); i++) {
            byte[] bytes = Objects.requireNonNull(LanguageTest.classFile(DamagedClassTest.TYPES.get(i)));
            var seed = new byte[1 + bytes.length];
            seed[0] = (byte) i;
            System.arraycopy(bytes, 0, seed, 1, bytes.length);
            seeds.put("class-" + i, seed);
        }
        return seeds;
    }
}
