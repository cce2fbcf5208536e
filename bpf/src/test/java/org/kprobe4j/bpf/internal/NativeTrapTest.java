package org.kprobe4j.bpf.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

class NativeTrapTest {
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE = 2;

    private static Trap trap = (number, a1, a2, a3, a4, a5, a6) -> 0;

    @BeforeAll
    static void writeLibrary(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) throws IOException {
        assumeTrue(
                System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux") && Abi.running() == Abi.X86_64,
                "the library is for Linux on x86-64");
        Path library = folder.resolve("syscalls.so");
        SyscallLibrary.main(new String[] {library.toString()});
        trap = NativeTrap.at(library.toString());
    }

    @Test
    void makesTheSystemCall() {
        assertThat(trap).isInstanceOf(NativeTrap.class);
        assertThat(trap.call(Call.GETPID.number(Abi.X86_64), 0, 0, 0, 0, 0, 0))
                .isEqualTo(ProcessHandle.current().pid());
    }

    @Test
    void aFailureIsTheNegatedErrno() {
        assertThat(trap.call(Call.CLOSE.number(Abi.X86_64), -1, 0, 0, 0, 0, 0)).isEqualTo(-9);
    }

    /** mmap(2) takes six, and refuses if the last ones are others. */
    @Test
    void allSixArgumentsArrive(@TempDir Path folder) throws IOException {
        byte[] content = new byte[2 * 4096];
        byte[] text = "second page".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, content, 4096, text.length);
        Path file = Files.write(folder.resolve("two-pages"), content);
        SystemCalls calls = new LinuxSystemCalls(Abi.X86_64, trap);
        long fd = calls.open(file.toString(), 0);
        assertThat(fd).isPositive();
        long address = trap.call(Call.MMAP.number(Abi.X86_64), 0, 4096, PROT_READ_WRITE, MAP_PRIVATE, fd, 4096);
        assertThat(address).isPositive();
        Path copy = Files.createFile(folder.resolve("copy"));
        long out = calls.open(copy.toString(), 1);
        assertThat(trap.call(Call.WRITE.number(Abi.X86_64), out, address, text.length, 0, 0, 0))
                .isEqualTo(text.length);
        assertThat(calls.close((int) out)).isZero();
        assertThat(copy).hasBinaryContent(text);
        assertThat(calls.munmap(address, 4096)).isZero();
        assertThat(calls.close((int) fd)).isZero();
    }

    @Test
    void withoutTheLibraryLibcIsCalled(@TempDir Path folder) {
        Trap libc = NativeTrap.at(folder.resolve("missing.so").toString());
        assertThat(libc).isInstanceOf(LibcSyscall.class);
        assertThat(libc.call(Call.GETPID.number(Abi.running()), 0, 0, 0, 0, 0, 0))
                .isEqualTo(ProcessHandle.current().pid());
        assertThat(NativeTrap.at("")).isInstanceOf(LibcSyscall.class);
    }

    /** ld.so would make all stacks executable for a file that does not say that it needs none. */
    @Test
    void theLibraryAsksForNoExecutableStack() {
        ByteBuffer file = ByteBuffer.wrap(SyscallLibrary.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        int headers = (int) file.getLong(32);
        boolean said = false;
        for (int i = 0; i < file.getShort(56); i++) {
            int header = headers + i * file.getShort(54);
            if (file.getInt(header) == 0x6474_e551) {
                said = true;
                assertThat(file.getInt(header + 4) & 1).as("PF_X").isZero();
            }
        }
        assertThat(said).as("PT_GNU_STACK").isTrue();
    }
}
