package org.kprobe4j.bpf.usersymbols;

import org.jspecify.annotations.Nullable;

/**
 * An address in a process, with what is known about it.
 *
 * @param address the address asked for
 * @param name of the function that it lies in, as the file has it (C++ names mangled); null if there is none
 * @param offset from the function's beginning, in bytes
 * @param file what is mapped there: a path as the process sees it, {@code [vdso]}, {@code [heap]}, or the perf map that had the name;
 *     null if it is not known
 * @param fileAddress the address that the file itself gives to this place, as addr2line wants it; 0 if the file is no ELF file
 */
public record UserSymbol(
        long address,
        @Nullable String name,
        long offset,
        @Nullable String file,
        long fileAddress) {
    static UserSymbol unknown(long address) {
        return new UserSymbol(address, null, 0, null, 0);
    }

    /**
     * For people.
     *
     * @return {@code function+0xoff (file)}, {@code 0xaddress (file+0xaddress in it)}, or the bare address
     */
    @Override
    public String toString() {
        if (name != null) {
            return "%s+0x%x (%s)".formatted(name, offset, file);
        } else if (file == null) {
            return "0x%x".formatted(address);
        }
        return fileAddress == 0
                ? "0x%x (%s)".formatted(address, file)
                : "0x%x (%s+0x%x)".formatted(address, file, fileAddress);
    }
}
