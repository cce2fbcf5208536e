package org.kprobe4j.bpf.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;

/**
 * The library of {@link NativeTrap}: one function of nine machine instructions in an ELF file that ld.so takes. It is written by the build,
 * so that neither a compiler nor a binary is part of the sources. x86-64 only.
 *
 * <pre>
 *   0      ELF header, 4 program headers          mapped r-x from 0
 *   288    DT_HASH, symbols, strings, code
 *   ...    the dynamic section                    mapped rw- one page farther, since older ld.so write to it
 * </pre>
 *
 * <p>Source: elf(5); System V ABI, AMD64 supplement.
 */
final class SyscallLibrary {
    private static final String FUNCTION = "Java_org_kprobe4j_bpf_internal_NativeTrap_enter";

    /** JNIEnv and class stand in front of the arguments, so that the last three of the call's are on the stack. */
    private static final byte[] CODE = HexFormat.of()
            .parseHex(
                    "f30f1efa" // endbr64
                            + "4889d0" // mov %rdx,%rax: the number
                            + "4889cf" // mov %rcx,%rdi
                            + "4c89c6" // mov %r8,%rsi
                            + "4c89ca" // mov %r9,%rdx
                            + "4c8b542408" // mov 8(%rsp),%r10
                            + "4c8b442410" // mov 16(%rsp),%r8
                            + "4c8b4c2418" // mov 24(%rsp),%r9
                            + "0f05" // syscall
                            + "c3"); // ret

    private static final int PAGE_BYTES = 4096;
    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int SYMBOL_BYTES = 24;
    private static final int PROGRAM_HEADERS = 4;
    private static final int DYNAMIC_ENTRIES = 6;

    private static final int HASH = HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES;
    /** Behind one bucket and two chains, and 4 bytes of padding. */
    private static final int SYMBOLS = HASH + 6 * Integer.BYTES;

    private static final int STRINGS = SYMBOLS + 2 * SYMBOL_BYTES;
    /** A NUL in front and one behind. */
    private static final int STRINGS_BYTES = FUNCTION.length() + 2;

    private static final int TEXT = aligned(STRINGS + STRINGS_BYTES, 16);
    private static final int DYNAMIC = aligned(TEXT + CODE.length, Long.BYTES);
    private static final int DYNAMIC_BYTES = DYNAMIC_ENTRIES * 2 * Long.BYTES;
    private static final int FILE_BYTES = DYNAMIC + DYNAMIC_BYTES;

    private static final short ET_DYN = 3;
    private static final short EM_X86_64 = 62;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_GNU_STACK = 0x6474_e551;
    private static final int READ_EXECUTE = 5;
    private static final int READ_WRITE = 6;
    private static final int DT_HASH = 4;
    private static final int DT_STRTAB = 5;
    private static final int DT_SYMTAB = 6;
    private static final int DT_STRSZ = 10;
    private static final int DT_SYMENT = 11;
    /** STB_GLOBAL, STT_FUNC. */
    private static final byte GLOBAL_FUNCTION = 0x12;

    private final ByteBuffer out = ByteBuffer.allocate(FILE_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private SyscallLibrary() {}

    /**
     * Writes the library, on x86-64; elsewhere nothing.
     *
     * @param args the file
     * @throws IOException if it cannot be written
     */
    public static void main(String[] args) throws IOException {
        if (Abi.running() == Abi.X86_64) {
            Path file = Path.of(args[0]);
            Path part = file.resolveSibling(file.getFileName() + ".part");
            Files.write(part, bytes());
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /** The file. */
    static byte[] bytes() {
        return new SyscallLibrary().write();
    }

    private static int aligned(int offset, int alignment) {
        return (offset + alignment - 1) / alignment * alignment;
    }

    private byte[] write() {
        header();
        programHeader(PT_LOAD, READ_EXECUTE, 0, 0, DYNAMIC, PAGE_BYTES);
        programHeader(PT_LOAD, READ_WRITE, DYNAMIC, PAGE_BYTES + DYNAMIC, DYNAMIC_BYTES, PAGE_BYTES);
        programHeader(PT_DYNAMIC, READ_WRITE, DYNAMIC, PAGE_BYTES + DYNAMIC, DYNAMIC_BYTES, Long.BYTES);
        // Without it ld.so would make the stacks executable, and the JVM refuses that.
        programHeader(PT_GNU_STACK, READ_WRITE, 0, 0, 0, Long.BYTES);
        symbols();
        out.position(TEXT).put(CODE);
        dynamic();
        return out.array();
    }

    private void header() {
        // ELFCLASS64, ELFDATA2LSB, EV_CURRENT
        out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        out.position(16).putShort(ET_DYN).putShort(EM_X86_64).putInt(1);
        // No entry; the program headers come next; there are no section headers.
        out.putLong(0).putLong(HEADER_BYTES).putLong(0).putInt(0);
        out.putShort((short) HEADER_BYTES).putShort((short) PROGRAM_HEADER_BYTES);
        out.putShort((short) PROGRAM_HEADERS);
        out.position(HEADER_BYTES);
    }

    private void programHeader(int type, int flags, long offset, long address, long size, long alignment) {
        out.putInt(type).putInt(flags).putLong(offset).putLong(address).putLong(address);
        out.putLong(size).putLong(size).putLong(alignment);
    }

    /** One bucket, whose chain begins and ends at symbol 1. */
    private void symbols() {
        out.position(HASH).putInt(1).putInt(2).putInt(1).putInt(0).putInt(0);
        out.position(SYMBOLS + SYMBOL_BYTES);
        // Any section number but 0 means that it is defined here.
        out.putInt(1).put(GLOBAL_FUNCTION).put((byte) 0).putShort((short) 1);
        out.putLong(TEXT).putLong(CODE.length);
        out.position(STRINGS + 1).put(FUNCTION.getBytes(StandardCharsets.US_ASCII));
    }

    private void dynamic() {
        out.position(DYNAMIC);
        out.putLong(DT_HASH).putLong(HASH);
        out.putLong(DT_SYMTAB).putLong(SYMBOLS);
        out.putLong(DT_STRTAB).putLong(STRINGS);
        out.putLong(DT_STRSZ).putLong(STRINGS_BYTES);
        out.putLong(DT_SYMENT).putLong(SYMBOL_BYTES);
    }
}
