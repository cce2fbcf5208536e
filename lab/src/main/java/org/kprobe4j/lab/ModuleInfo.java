package org.kprobe4j.lab;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what a kernel module says about itself: Debian's packages hold no modules.dep, which depmod makes later. */
final class ModuleInfo {
    private static final Pattern DEPENDS = Pattern.compile("\0depends=([^\0]*)\0");

    private ModuleInfo() {}

    /** The modules named in the {@code .modinfo} section's {@code depends=}. */
    static List<String> depends(byte[] module) {
        Matcher matcher = DEPENDS.matcher(new String(module, StandardCharsets.ISO_8859_1));
        if (!matcher.find()) {
            return List.of();
        }
        return Arrays.stream(matcher.group(1).split(","))
                .filter(name -> !name.isEmpty())
                .map(name -> name.replace('-', '_'))
                .toList();
    }
}
