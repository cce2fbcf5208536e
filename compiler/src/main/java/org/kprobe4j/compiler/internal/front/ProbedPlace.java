package org.kprobe4j.compiler.internal.front;

import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.Places;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.TextSource;
import org.kprobe4j.compiler.internal.ir.Value;

/** The place that was hit: known when the handler is compiled if there is one only, else a row of the table of places. */
final class ProbedPlace {
    private ProbedPlace() {}

    /** {@code p.addr()}. */
    static Value asked(CallSite site) {
        return address(
                site,
                "the address changes when the module is loaded again; "
                        + (site.translation().request().shape() instanceof ProgramShape.Return
                                ? "keep regs.ip() in the private data at the entry"
                                : "use regs.ip()"));
    }

    /** The function whose return is probed, in front of a stack. */
    static Value returning(CallSite site) {
        return address(
                site,
                "a stack at a return begins with the function's address, which changes when the module is loaded again; "
                        + "take the stack in the entry handler");
    }

    private static Value address(CallSite site, String whyNotIfItMoves) {
        return switch (site.translation().request().planted()) {
            case Planted.One one when one.moves() -> throw new Refusal(whyNotIfItMoves);
            case Planted.One one -> GraphBuilder.constant(one.addr());
            case Planted.Many _ ->
                site.builder().append(Kind.LONG, new Opcode.MapLoad(0, Size.DW, false), row(site, 0));
        };
    }

    /** Its name. */
    static Operand name(CallSite site) {
        return switch (site.translation().request().planted()) {
            case Planted.One one -> new Operand.Host(one.symbolName());
            case Planted.Many many ->
                new Operand.KernelString(TextSource.TABLE, row(site, Places.NAME), many.nameBytes(), false, true);
        };
    }

    private static Value row(CallSite site, int offset) {
        return site.builder().append(Kind.LONG, new Opcode.PlaceRow(offset));
    }
}
