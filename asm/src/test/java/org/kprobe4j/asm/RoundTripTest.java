package org.kprobe4j.asm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteOrder;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

/** Assembling and decoding are inverses, and decoding has no other outcome than a program or its exception. */
class RoundTripTest {
    private static final ToIntFunction<String> FD = name -> Integer.parseInt(name.substring(2));

    @Property
    void decodingGivesBackWhatWasAssembled(@ForAll("programs") List<Instruction> program, @ForAll boolean bigEndian) {
        var order = bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        var bytes = Assembler.assemble(program).link(FD, order);

        var decoded = Decoder.decode(bytes, order, fd -> "fd" + fd);

        assertThat(Assembler.assemble(decoded).link(FD, order)).isEqualTo(bytes);
        assertThat(Disassembler.disassemble(decoded)).isEqualTo(Disassembler.disassemble(program));
        assertThat(classes(decoded)).isEqualTo(classes(program));
    }

    @Property(tries = 4_000)
    void bytesAreAProgramOrAreRefused(@ForAll("nearPrograms") byte[] bytes) {
        List<Instruction> decoded;
        try {
            decoded = Decoder.decode(bytes);
        } catch (MalformedProgramException e) {
            assertThat(e).hasMessageMatching("(?s)(insn \\d+|a program of \\d+ bytes): .+");
            return;
        }
        assertThat(Assembler.assemble(decoded).link(FD)).isEqualTo(bytes);
    }

    @Test
    void theGeneratorMakesEveryForm() {
        var forms = Set.of(Instruction.class.getPermittedSubclasses());
        // Neither directives nor what is decoded as something else.
        var made = new HashSet<Class<?>>(Set.of(
                Instruction.Mark.class,
                Instruction.Line.class,
                Instruction.LoadPlace.class,
                Instruction.LoadPlaceValue.class));
        Programs.instructions().sampleStream().limit(5_000).forEach(i -> made.add(i.getClass()));

        assertThat(made).isEqualTo(forms);
    }

    @Provide
    Arbitrary<List<Instruction>> programs() {
        return Programs.programs();
    }

    /** Random bytes seldom come near a program: most of these are one with a few bytes changed. */
    @Provide
    Arbitrary<byte[]> nearPrograms() {
        var random = Arbitraries.bytes().array(byte[].class).ofMaxSize(64);
        var changed = Programs.programs().flatMap(program -> {
            var bytes = Assembler.assemble(program).link(FD);
            var change = Arbitraries.integers().between(0, bytes.length * 256 - 1);
            return change.list().ofMaxSize(3).map(changes -> {
                var copy = bytes.clone();
                changes.forEach(c -> copy[c >> 8] = c.byteValue());
                return copy;
            });
        });
        return Arbitraries.frequencyOf(Tuple.of(1, random), Tuple.of(4, changed));
    }

    private static List<?> classes(Collection<Instruction> program) {
        return program.stream().filter(i -> i.slots() > 0).map(Object::getClass).collect(Collectors.toList());
    }
}
