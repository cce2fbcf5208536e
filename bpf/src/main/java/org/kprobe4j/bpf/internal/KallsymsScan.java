package org.kprobe4j.bpf.internal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.SystemCallException;

/**
 * One pass over /proc/kallsyms by {@link LineScan}: some 200 000 lines.
 *
 * <pre>
 *   ffffffff812a4b60 T vfs_read\t[module]\n
 *   |                | |       |
 *   0                | name    end of name: tab or newline
 *                    type
 * </pre>
 */
public final class KallsymsScan {
    /** Where the kernel shows its symbols. */
    public static final String PATH = "/proc/kallsyms";

    private KallsymsScan() {}

    /**
     * How many hexadecimal digits an address has.
     *
     * @param calls the kernel
     * @return 8 or 16
     */
    public static int addressDigits(SystemCalls calls) {
        return 2 * calls.abi().wordBytes();
    }

    /**
     * Where the name begins: after address, space, type, space.
     *
     * @param addressDigits 8 or 16
     * @return offset in the line, in bytes
     */
    public static int nameOffset(int addressDigits) {
        return addressDigits + 3;
    }

    /**
     * Makes one pass.
     *
     * @param calls the kernel
     * @param visitor sees every line until it has enough; the name begins {@link #nameOffset} after the line
     */
    public static void run(SystemCalls calls, LineScan.LineVisitor visitor) {
        run(calls, PATH, visitor);
    }

    /**
     * Makes one pass over a file of the same form.
     *
     * @param calls the kernel
     * @param path the file
     * @param visitor sees every line until it has enough; the name begins {@link #nameOffset} after the line
     */
    public static void run(SystemCalls calls, String path, LineScan.LineVisitor visitor) {
        // The address, the type and a name of at least one byte come first: no need to look at them.
        check(path, LineScan.run(calls, path, addressDigits(calls) + 4, visitor));
    }

    /**
     * Makes one pass over a file of the same form that another thread reads.
     *
     * @param calls the kernel
     * @param path the file
     * @param ahead reads it
     * @param visitor sees every line until it has enough; the name begins {@link #nameOffset} after the line
     */
    public static void run(SystemCalls calls, String path, LineAhead ahead, LineScan.LineVisitor visitor) {
        check(path, ahead.forEachLine(path, addressDigits(calls) + 4, visitor));
    }

    private static void check(String path, long result) {
        if (result < 0) {
            Failure failure = Failure.of("read", path, (int) -result);
            throw new SystemCallException(
                    result == -Errno.ENOENT
                            ? failure.remedy("the kernel needs CONFIG_KALLSYMS, and /proc mounted")
                            : failure);
        }
    }

    /**
     * The address of a line.
     *
     * @param bytes holds the line
     * @param line where it begins
     * @param digits 8 or 16
     * @return the address; 0 if the kernel hides it
     */
    public static long address(byte[] bytes, int line, int digits) {
        long address = 0;
        for (int at = line; at < line + digits; at++) {
            int c = bytes[at];
            address = address << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
        }
        return address;
    }

    /**
     * Where the name ends: a module's symbols have a tab and the module's name behind it.
     *
     * @param bytes holds the line
     * @param name where the name begins
     * @param end of the line
     * @return the name's end, exclusive
     */
    public static int nameEnd(byte[] bytes, int name, int end) {
        if (bytes[end - 1] != ']') {
            return end;
        }
        int at = name;
        while (at < end && bytes[at] != '\t') {
            at++;
        }
        return at;
    }

    /**
     * Whether a symbol's type is a function.
     *
     * @param type the letter
     * @return true for text and weak symbols
     */
    public static boolean isText(byte type) {
        return (type | 0x20) == 't' || (type | 0x20) == 'w';
    }

    /**
     * The addresses of all functions of a name.
     *
     * @param calls the kernel
     * @param name the name
     * @return in the kernel's order; 0 where they are hidden
     */
    public static long[] addressesOf(SystemCalls calls, String name) {
        byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
        int digits = addressDigits(calls);
        int nameOffset = nameOffset(digits);
        Places places = new Places();
        run(calls, (bytes, line, end) -> {
            if (isNamed(bytes, line + nameOffset, end, wanted) && isText(bytes[line + digits + 1])) {
                places.add(address(bytes, line, digits));
            }
            return true;
        });
        return places.toArray();
    }

    /**
     * Whether a line is of a name.
     *
     * @param bytes holds the line
     * @param start where its name begins
     * @param end of the line
     * @param wanted the name
     * @return true if so
     */
    public static boolean isNamed(byte[] bytes, int start, int end, byte[] wanted) {
        int stop = start + wanted.length;
        if (stop > end || (stop < end && bytes[stop] != '\t')) {
            return false;
        }
        return Arrays.equals(bytes, start, stop, wanted, 0, wanted.length);
    }

    /** The addresses found so far. */
    private static final class Places {
        private long[] addresses = new long[2];
        private int count;

        void add(long address) {
            if (count == addresses.length) {
                addresses = Arrays.copyOf(addresses, 2 * count);
            }
            addresses[count++] = address;
        }

        long[] toArray() {
            return Arrays.copyOf(addresses, count);
        }
    }
}
