package org.kprobe4j.bpf.internal;

import java.nio.charset.StandardCharsets;

/** Names of programs and maps as the kernel takes them. */
public final class ObjectNames {
    private ObjectNames() {}

    /**
     * Fits a name into {@code BPF_OBJ_NAME_LEN}: what the kernel would refuse with EINVAL becomes {@code _}.
     *
     * @param name any name
     * @return at most 15 bytes of letters, digits, {@code _} and {@code .}
     */
    public static byte[] bytes(String name) {
        StringBuilder fit = new StringBuilder();
        for (int i = 0; i < name.length() && i < Linux.BPF_OBJ_NAME_LEN - 1; i++) {
            char c = name.charAt(i);
            boolean allowed = c < 128 && (Character.isLetterOrDigit(c) || c == '_' || c == '.');
            fit.append(allowed ? c : '_');
        }
        return fit.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
