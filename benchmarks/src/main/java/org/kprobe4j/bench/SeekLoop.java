package org.kprobe4j.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * The work that is measured: a process that calls lseek(2) on /dev/null and nothing else. It is an ELF file of two dozen instructions,
 * written here byte by byte, so that no compiler and no C library stands between two system calls:
 *
 * <pre>
 *         sub   rsp, 64
 *         mov   ebx, ROUNDS
 * round:  clock_gettime(CLOCK_MONOTONIC, rsp)
 *         clock_gettime(CLOCK_PROCESS_CPUTIME_ID, rsp + 16)
 *         mov   ebp, CALLS
 * next:   lseek(0, 0, SEEK_SET)
 *         dec   ebp
 *         jnz   next
 *         clock_gettime(CLOCK_PROCESS_CPUTIME_ID, rsp + 32)
 *         clock_gettime(CLOCK_MONOTONIC, rsp + 48)
 *         write(1, rsp, 64)
 *         dec   ebx
 *         jnz   round
 *         exit(0)
 * </pre>
 *
 * <p>Where the guest's clock advances by one nanosecond with each instruction, times are numbers of instructions. The results go to a
 * file: a reader at the end of a pipe would run in between.
 */
final class SeekLoop implements AutoCloseable {
    /** The function of the kernel that a call passes once. */
    static final String FUNCTION = "null_lseek";

    private static final Path FOLDER = Path.of("/dev/shm");
    private static final Path PROGRAM = FOLDER.resolve("seek-loop");

    private static final long LOAD_ADDRESS = 0x40_0000;
    private static final int ELF_HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int HEADER_BYTES = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES;
    private static final int MOST_CODE_BYTES = 512;

    private static final int SYS_WRITE = 1;
    private static final int SYS_LSEEK = 8;
    private static final int SYS_EXIT = 60;
    private static final int SYS_CLOCK_GETTIME = 228;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int CLOCK_PROCESS_CPUTIME_ID = 2;
    private static final int ROUND_BYTES = 64;

    private final Path results = FOLDER.resolve("seek-loop.out");
    private final Process process;
    private final int calls;
    private final int rounds;

    private SeekLoop(Process process, int calls, int rounds) {
        this.process = process;
        this.calls = calls;
        this.rounds = rounds;
    }

    /**
     * What the calls took, in nanoseconds for each call.
     *
     * @param all everything that ran meanwhile
     * @param task the calling process alone, in the kernel and outside
     */
    record Cost(double all, double task) {
        Cost minus(Cost other) {
            return new Cost(all - other.all, task - other.task);
        }

        Cost middle(Cost other) {
            return new Cost((all + other.all) / 2, (task + other.task) / 2);
        }
    }

    /**
     * Makes the process; it does not call yet.
     *
     * @param calls how many calls are timed together
     * @param rounds how often that is repeated
     * @return the process, waiting
     * @throws IOException if it cannot be made
     */
    static SeekLoop prepare(int calls, int rounds) throws IOException {
        Files.write(PROGRAM, elf(calls, rounds));
        Files.setPosixFilePermissions(PROGRAM, PosixFilePermissions.fromString("rwxr-xr-x"));
        // The shell becomes the loop, so the loop's process is known before its first call.
        Process process = new ProcessBuilder("/bin/sh", "-c", "read go; exec " + PROGRAM + " < /dev/null")
                .redirectOutput(FOLDER.resolve("seek-loop.out").toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        return new SeekLoop(process, calls, rounds);
    }

    int pid() {
        return Math.toIntExact(process.pid());
    }

    /** How often the function will have been passed. */
    long hits() {
        return (long) calls * rounds;
    }

    /** Lets it run and waits for its end. */
    Cost run() throws IOException, InterruptedException {
        try (OutputStream go = process.getOutputStream()) {
            go.write('\n');
        }
        int status = process.waitFor();
        byte[] bytes = Files.readAllBytes(results);
        if (status != 0 || bytes.length != rounds * ROUND_BYTES) {
            throw new IOException("the loop of lseek(2) ended with status %d and %d bytes of results, not %d"
                    .formatted(status, bytes.length, rounds * ROUND_BYTES));
        }
        return median(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    private Cost median(ByteBuffer times) {
        List<Double> all = new ArrayList<>();
        List<Double> task = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            int at = round * ROUND_BYTES;
            all.add((double) (nanos(times, at + 48) - nanos(times, at)) / calls);
            task.add((double) (nanos(times, at + 32) - nanos(times, at + 16)) / calls);
        }
        all.sort(null);
        task.sort(null);
        return new Cost(all.get(rounds / 2), task.get(rounds / 2));
    }

    private static long nanos(ByteBuffer times, int at) {
        return times.getLong(at) * 1_000_000_000 + times.getLong(at + 8);
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        Files.deleteIfExists(results);
    }

    /** The file: an ELF header, the header of its one segment, the code. */
    static byte[] elf(int calls, int rounds) {
        ByteBuffer code = ByteBuffer.wrap(code(calls, rounds));
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + code.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        // e_ident: magic, 64 bits, little endian, version 1; then ET_EXEC, EM_X86_64, version
        out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        out.putShort((short) 2).putShort((short) 62).putInt(1);
        // e_entry, e_phoff, e_shoff
        out.putLong(LOAD_ADDRESS + HEADER_BYTES).putLong(ELF_HEADER_BYTES).putLong(0);
        // e_flags; sizes and numbers of headers: one program header, no sections
        out.putInt(0).putShort((short) ELF_HEADER_BYTES).putShort((short) PROGRAM_HEADER_BYTES);
        out.putShort((short) 1).putShort((short) 0).putShort((short) 0).putShort((short) 0);
        // PT_LOAD, readable and executable; offset, virtual and physical address, sizes, alignment
        out.putInt(1).putInt(5).putLong(0).putLong(LOAD_ADDRESS).putLong(LOAD_ADDRESS);
        out.putLong(out.capacity()).putLong(out.capacity()).putLong(0x1000);
        return out.put(code).array();
    }

    private static byte[] code(int calls, int rounds) {
        ByteBuffer code = ByteBuffer.allocate(MOST_CODE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes(code, 0x48, 0x83, 0xec, ROUND_BYTES); // sub rsp, 64
        bytes(code, 0xbb).putInt(rounds); // mov ebx, rounds
        int round = code.position();
        clock(code, CLOCK_MONOTONIC, 0);
        clock(code, CLOCK_PROCESS_CPUTIME_ID, 16);
        bytes(code, 0xbd).putInt(calls); // mov ebp, calls
        int next = code.position();
        bytes(code, 0xb8).putInt(SYS_LSEEK); // mov eax, 8
        bytes(code, 0x31, 0xff, 0x31, 0xf6, 0x31, 0xd2); // xor edi, edi; xor esi, esi; xor edx, edx
        bytes(code, 0x0f, 0x05); // syscall
        bytes(code, 0xff, 0xcd); // dec ebp
        bytes(code, 0x0f, 0x85).putInt(next - code.position() - Integer.BYTES); // jnz next
        clock(code, CLOCK_PROCESS_CPUTIME_ID, 32);
        clock(code, CLOCK_MONOTONIC, 48);
        bytes(code, 0xb8).putInt(SYS_WRITE); // mov eax, 1
        bytes(code, 0xbf).putInt(1); // mov edi, 1
        bytes(code, 0x48, 0x89, 0xe6); // mov rsi, rsp
        bytes(code, 0xba).putInt(ROUND_BYTES); // mov edx, 64
        bytes(code, 0x0f, 0x05); // syscall
        bytes(code, 0xff, 0xcb); // dec ebx
        bytes(code, 0x0f, 0x85).putInt(round - code.position() - Integer.BYTES); // jnz round
        bytes(code, 0xb8).putInt(SYS_EXIT); // mov eax, 60
        bytes(code, 0x31, 0xff, 0x0f, 0x05); // xor edi, edi; syscall
        byte[] written = new byte[code.position()];
        code.get(0, written);
        return written;
    }

    /** clock_gettime(id, rsp + offset) */
    private static void clock(ByteBuffer code, int id, int offset) {
        bytes(code, 0xb8).putInt(SYS_CLOCK_GETTIME); // mov eax, 228
        bytes(code, 0xbf).putInt(id); // mov edi, id
        bytes(code, 0x48, 0x8d, 0x74, 0x24, offset); // lea rsi, [rsp + offset]
        bytes(code, 0x0f, 0x05); // syscall
    }

    private static ByteBuffer bytes(ByteBuffer code, int... values) {
        for (int value : values) {
            code.put((byte) value);
        }
        return code;
    }
}
