package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kprobe4j.Kernel;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CallSlots;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.JoinedProgram;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramShape;

/** A session's program: the right half runs at each end, with its own account, and the entry's result says whether there is a return. */
class JoinedProgramTest {
    private static final int CALL_BYTES = 16;
    private static final int FOLLOWED = 0;
    private static final int NOT_FOLLOWED = 1;
    private static final long STACK = 0xffff_c900_0000_1000L;

    static final class Data {
        long value;
    }

    private final FakeKernel kernel = new FakeKernel();

    @BeforeEach
    void maps() {
        kernel.cells(CallSlots.MAP, CallSlots.bytes(CALL_BYTES) / Long.BYTES);
        kernel.cells(JoinedProgram.BACK_ACCOUNT, Account.FAULTS);
    }

    private static JoinedProgram joined(CallStore store) {
        CompiledProgram entry = new Handlers()
                .data(Data.class)
                .shaped(new ProgramShape.Entry(OptionalLong.empty(), List.of(), true))
                .attached(ProgramContext.Registers.OWN, store, true)
                .<Data>entry((ri, regs) -> {
                    ri.data().value = 100 / regs.arg(0);
                    return regs.arg(0) < 0 ? 1 : 0;
                });
        CompiledProgram back = new Handlers()
                .data(Data.class)
                .shaped(new ProgramShape.Return(true))
                .attached(ProgramContext.Registers.OWN, store, true)
                .<Data>ret((ri, regs) -> {
                    Kernel.printf("%d", ri.data().value);
                    return 0;
                });
        return JoinedProgram.of(entry, back, FakeKernel.IS_RETURN);
    }

    private Interpreter interpreter(JoinedProgram joined) {
        return new Interpreter(
                joined.code(),
                kernel,
                Account.FAULTS + joined.entry().faultSites().size(),
                CALL_BYTES,
                joined.whole().scratchBytes());
    }

    private long enter(Interpreter program, long sp, long argument) {
        kernel.isReturn = false;
        return program.run(at(sp, argument));
    }

    private List<String> leave(Interpreter program, JoinedProgram joined, long sp) {
        kernel.isReturn = true;
        assertThat(program.run(at(sp + Long.BYTES, 0))).isZero();
        List<String> lines = kernel.rings.getOrDefault("log", List.of()).stream()
                .map(line -> Handlers.line(joined.back(), line))
                .toList();
        kernel.rings.clear();
        return lines;
    }

    private static byte[] at(long sp, long argument) {
        byte[] context = Handlers.context(Architecture.X86_64, argument);
        Handlers.put(ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN), Architecture.X86_64, "sp", sp);
        return context;
    }

    private long atReturn(int slot) {
        return kernel.cell(JoinedProgram.BACK_ACCOUNT, slot);
    }

    @ParameterizedTest
    @EnumSource
    void nested_calls_have_their_own_data_and_each_end_its_account(CallStore store) {
        JoinedProgram joined = joined(store);
        Interpreter program = interpreter(joined);
        assertThat(enter(program, STACK, 1)).isEqualTo(FOLLOWED);
        assertThat(enter(program, STACK - 64, 2)).isEqualTo(FOLLOWED);
        assertThat(program.count(Account.HITS)).isEqualTo(2);
        assertThat(atReturn(Account.HITS)).isZero();
        assertThat(leave(program, joined, STACK - 64)).containsExactly("50");
        assertThat(leave(program, joined, STACK)).containsExactly("100");
        assertThat(program.count(Account.HITS)).isEqualTo(2);
        assertThat(atReturn(Account.HITS)).isEqualTo(2);
        assertThat(kernel.calls).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void an_ignored_call_one_that_faults_and_one_while_it_is_off_have_no_return(CallStore store) {
        Interpreter program = interpreter(joined(store));
        assertThat(enter(program, STACK, -1)).isEqualTo(NOT_FOLLOWED);
        assertThat(program.count(Account.FILTERED)).isOne();
        assertThat(enter(program, STACK, 0)).isEqualTo(NOT_FOLLOWED);
        assertThat(program.count(Account.FAULTS)).isOne();
        program.switchTo(0);
        assertThat(enter(program, STACK, 1)).isEqualTo(NOT_FOLLOWED);
        assertThat(program.count(Account.HITS)).isEqualTo(2);
        assertThat(kernel.calls).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void a_call_that_is_not_known_has_its_return_filtered_in_the_account_of_returns(CallStore store) {
        JoinedProgram joined = joined(store);
        Interpreter program = interpreter(joined);
        assertThat(leave(program, joined, STACK)).isEmpty();
        assertThat(atReturn(Account.FILTERED)).isOne();
        assertThat(program.count(Account.FILTERED)).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = "HASH")
    void a_call_that_finds_no_room_has_no_return(CallStore store) {
        Interpreter program = interpreter(joined(store));
        for (int i = 0; i < FakeKernel.MAX_CALLS; i++) {
            assertThat(enter(program, STACK + 16L * i, 1)).isEqualTo(FOLLOWED);
        }
        assertThat(enter(program, STACK - 64, 1)).isEqualTo(NOT_FOLLOWED);
        assertThat(program.count(Account.MAP_FULL)).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void the_context_is_kept_over_the_question(CallStore store) {
        assertThat(joined(store).code().disassemble()).contains("call kfunc#" + FakeKernel.IS_RETURN);
        assertThat(joined(store).whole().code().mapReferences())
                .anyMatch(reference -> reference.map().equals(Account.MAP))
                .anyMatch(reference -> reference.map().equals(JoinedProgram.BACK_ACCOUNT));
    }
}
