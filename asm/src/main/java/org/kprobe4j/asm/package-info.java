/**
 * eBPF programs: instructions as records, an assembler with labels, source lines and symbolic maps, a strict decoder, and a
 * disassembler in the verifier's notation.
 *
 * {@snippet :
 * var out = new Label("out");
 * var program = Assembler.assemble(List.of(
 *         new Instruction.CallHelper(Helper.GET_CURRENT_PID_TGID.id()),
 *         new Instruction.JumpImm(JmpOp.JEQ, Width.W64, Reg.R0, 0, out),
 *         new Instruction.AluImm(AluOp.MOV, Width.W64, Reg.R0, 1),
 *         new Instruction.Mark(out),
 *         new Instruction.Exit()));
 * byte[] bytes = program.link(map -> -1);
 * }
 *
 * <p>Source: RFC 9669.
 */
package org.kprobe4j.asm;
