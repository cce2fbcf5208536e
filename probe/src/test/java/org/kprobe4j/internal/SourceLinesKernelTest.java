package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Assembled;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Width;
import org.kprobe4j.bpf.BpfBtf;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;

/** The kernel takes the lines' text and shows it with the instructions, as bpftool does, which reads the same table. */
@Tag("kernel")
class SourceLinesKernelTest {
    @Test
    void theVerifierShowsTheJavaText(@TempDir Path folder) throws IOException {
        Files.writeString(
                folder.resolve("Opens.java"), "PreHandler h = (p, regs) -> {\n    return \"grüß\".length();\n}\n");
        Assembled code = Assembler.assemble(List.of(
                new Instruction.Line("Opens.java", 2),
                new Instruction.AluImm(AluOp.MOV, Width.W64, Reg.of(0), 4),
                new Instruction.Line("Unknown.java", 7),
                new Instruction.AluImm(AluOp.ADD, Width.W64, Reg.of(0), 1),
                new Instruction.Exit()));
        try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, null)) {
            var types = new ProgramBtf("pre", code, SourceLines.of(loader, Set.of("")));
            try (BpfBtf btf = BpfBtf.load(types.btf());
                    BpfProgram program = BpfProgram.load(
                            ProgramSpec.builder(ProgramType.KPROBE, "pre", code.link(_ -> 0, ByteOrder.nativeOrder()))
                                    .btf(btf)
                                    .funcInfo(types.funcInfo(), ProgramBtf.FUNC_INFO_BYTES)
                                    .lineInfo(types.lineInfo(), ProgramBtf.LINE_INFO_BYTES)
                                    .logLevel(2)
                                    .build())) {
                assertThat(program.log())
                        .contains("; return \"grüß\".length();")
                        .contains("; Unknown.java:7");
            }
        }
    }
}
