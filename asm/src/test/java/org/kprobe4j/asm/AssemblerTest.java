package org.kprobe4j.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.kprobe4j.asm.Reg.*;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.asm.Instruction.*;

class AssemblerTest {
    private static final Instruction SET = new AluImm(AluOp.MOV, Width.W64, R0, 0);

    private final Label out = new Label("out");

    @Test
    void labelsCountSlotsNotInstructions() {
        var program = Assembler.assemble(List.of(
                new JumpImm(JmpOp.JEQ, Width.W64, R1, 0, out),
                new LoadImm64(R0, 1),
                new Mark(out),
                new Line("Opens.java", 42),
                new Exit()));

        assertThat(program.size()).isEqualTo(4);
        assertThat(program.slotOf(out)).isEqualTo(3);
        assertThat(program.disassemble()).isEqualTo("""
                   0: if r1 == 0 goto +2
                   1: r0 = 0x1 ll
                ; Opens.java:42
                   3: exit
                """);
    }

    @Test
    void aLabelPlacedNowhere() {
        assertRefused("insn 1: label out is placed nowhere", SET, new Jump(out));
    }

    @Test
    void aLabelIsItselfWhateverItsName() {
        assertRefused("insn 0: label out is placed nowhere", new Jump(out), new Mark(new Label("out")), new Exit());
    }

    @Test
    void aLabelPlacedTwice() {
        assertRefused("label out is placed twice: at insn 0 and insn 1", new Mark(out), SET, new Mark(out), new Exit());
    }

    @Test
    void aLabelAtTheEnd() {
        assertRefused("insn 0: no instruction follows label out", new Jump(out), new Mark(out));
    }

    @Test
    void aJumpThatIsTooFar() {
        var program = new ArrayList<>(Collections.nCopies(32_770, SET));
        program.addFirst(new Jump(out));
        program.add(new Mark(out));
        program.add(new Exit());

        assertRefused(
                "insn 0: the jump to out goes 32770 slots, but a jump reaches only -32768 to 32767: use a long jump (Linux 6.6)"
                        + " or a local call",
                program.toArray(Instruction[]::new));
        program.set(0, new LongJump(out));
        assertThat(Assembler.assemble(program).size()).isEqualTo(32_772);
    }

    @Test
    void theFurthestJumps() {
        var back = new ArrayList<>(Collections.nCopies(32_767, SET));
        back.addFirst(new Mark(out));
        back.add(new Jump(out));
        assertThat(Assembler.assemble(back).disassemble()).endsWith("goto -32768\n");

        var forth = new ArrayList<>(Collections.nCopies(32_767, SET));
        forth.addFirst(new Jump(out));
        forth.add(new Mark(out));
        forth.add(new Exit());
        assertThat(Assembler.assemble(forth).disassemble()).startsWith("   0: goto +32767\n");
    }

    @Test
    void linesBelongToTheInstructionsAfterThem() {
        var program = Assembler.assemble(List.of(
                SET,
                new Line("A.java", 1),
                new Line("A.java", 2),
                new LoadImm64(R1, 5),
                new Line("B.java", 3),
                SET,
                new Line("B.java", 4)));

        assertThat(program.lines()).containsExactly(new LineEntry(1, "A.java", 2), new LineEntry(3, "B.java", 3));
        assertThat(program.lineAt(-1)).isEmpty();
        assertThat(program.lineAt(0)).isEmpty();
        assertThat(program.lineAt(1)).hasToString("Optional[A.java:2]");
        assertThat(program.lineAt(2)).hasToString("Optional[A.java:2]");
        assertThat(program.lineAt(3)).hasToString("Optional[B.java:3]");
        assertThat(program.lineAt(4)).isEmpty();
    }

    @Test
    void mapsAreFilledInWhenLinked() {
        var program = Assembler.assemble(List.of(new LoadMap(R1, "a"), new LoadMapValue(R2, "b", 8), new Exit()));

        assertThat(program.mapReferences()).containsExactly(new MapReference(0, "a"), new MapReference(2, "b"));
        var linked = Decoder.decode(program.link(name -> name.equals("a") ? 0x7fff_ffff : 4));
        assertThat(linked).containsExactly(new LoadMap(R1, "fd2147483647"), new LoadMapValue(R2, "fd4", 8), new Exit());
    }

    @Test
    void aPlaceIsFilledInWhenLinked() {
        var program = Assembler.assemble(List.of(new LoadPlace(R1), new LoadPlaceValue(R2, "rows", 24, 8), new Exit()));

        assertThat(program.disassemble()).isEqualTo("""
                   0: w1 = place
                   1: r2 = map[rows][0]+8+24*place
                   3: exit
                """);
        assertThat(program.mapReferences()).containsExactly(new MapReference(1, "rows"));
        assertThat(Decoder.decode(program.link(_ -> 4)))
                .containsExactly(new AluImm(AluOp.MOV, Width.W32, R1, 0), new LoadMapValue(R2, "fd4", 8), new Exit());
        assertThat(Decoder.decode(program.link(_ -> 4, ByteOrder.LITTLE_ENDIAN, 5)))
                .containsExactly(new AluImm(AluOp.MOV, Width.W32, R1, 5), new LoadMapValue(R2, "fd4", 128), new Exit());
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> program.link(_ -> 4, ByteOrder.LITTLE_ENDIAN, 89_478_486))
                .withMessage("insn 2: there is no place 89478486 with 24 bytes for each");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> program.link(_ -> 4, ByteOrder.LITTLE_ENDIAN, -1))
                .withMessage("insn 0: there is no place -1 with 1 bytes for each");
    }

    @Test
    void functionsStartWhereTheyAreCalled() {
        var callback = new Label("callback");
        var program = Assembler.assemble(List.of(
                new LoadFunction(R2, callback),
                new CallLocal(out),
                new Exit(),
                new Mark(out),
                new Exit(),
                new Mark(callback),
                new Exit()));

        assertThat(program.functions()).containsExactly(0, 4, 5);
    }

    @Test
    void anEmptyProgram() {
        assertThat(Assembler.assemble(List.of()).link(map -> 0)).isEmpty();
    }

    private static void assertRefused(String message, Instruction... program) {
        assertThatExceptionOfType(AssemblyException.class)
                .isThrownBy(() -> Assembler.assemble(List.of(program)))
                .withMessage(message);
    }
}
