package org.kprobe4j.compiler.internal.lower;

import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Places;
import org.kprobe4j.compiler.Planted;

/**
 * Which place a hit is at, for a program that is planted at several: a number in a register, taken from the attach cookie, or a
 * constant that is linked into the place's own copy, where rows of the tables are constant addresses.
 */
final class PlaceLowering {
    private final LirBuilder out;
    private final Planted planted;
    private int number = Lir.NONE;

    PlaceLowering(LirBuilder out, Planted planted) {
        this.out = out;
        this.planted = planted;
    }

    /** Counts the hit: of several places each has a counter of its own. At the program's very start, where r1 is the context. */
    void count() {
        if (planted instanceof Planted.Many many) {
            count(many);
        } else {
            out.count(Account.HITS);
        }
    }

    /** The same behind other code that has loaded the account's address and 1. */
    void count(int context, int account, int one) {
        if (planted instanceof Planted.Many many) {
            out.add(new Lir.Move(1, context));
            count(many);
        } else {
            out.add(new Lir.AtomicAdd(Size.DW, account, Account.HITS * Long.BYTES, one));
        }
    }

    private void count(Planted.Many many) {
        int address = switch (many.numbering()) {
            case LINKED -> linked(Places.HITS_MAP, Long.BYTES, 0);
            case COOKIE -> {
                out.add(new Lir.Call(Helper.GET_ATTACH_COOKIE, 1));
                int bounded = out.program().pinnedRegister();
                out.add(new Lir.Move(bounded, 0));
                number = out.copy(bounded);
                yield inTable(many, bounded, Places.HITS_MAP, Long.BYTES, 0);
            }
        };
        out.add(new Lir.AtomicAdd(Size.DW, address, 0, out.constant(1)));
    }

    /** A register that holds the address of a byte in the place's row of the table of places. */
    int row(int offset) {
        Planted.Many many = (Planted.Many) planted;
        int rowBytes = Places.rowBytes(many.nameBytes());
        return switch (many.numbering()) {
            case LINKED -> linked(Places.MAP, rowBytes, offset);
            case COOKIE -> {
                int bounded = out.program().pinnedRegister();
                out.add(new Lir.Move(bounded, number));
                yield inTable(many, bounded, Places.MAP, rowBytes, offset);
            }
        };
    }

    /** Stores the number, four bytes in the frame; 0 where there is one place only. */
    void store(int frameOffset) {
        switch (planted) {
            case Planted.One _ -> out.add(new Lir.StoreImm(Size.W, Lir.FRAME, frameOffset, 0));
            case Planted.Many many -> {
                int value = number;
                if (many.numbering() == Planted.Numbering.LINKED) {
                    value = out.register();
                    out.add(new Lir.PlaceNumber(value));
                }
                out.add(new Lir.Store(Size.W, Lir.FRAME, frameOffset, value));
            }
        }
    }

    private int linked(String map, int rowBytes, int offset) {
        int address = out.register();
        out.add(new Lir.PlaceValue(address, map, rowBytes, offset));
        return address;
    }

    /**
     * The number is below the count of places, but the verifier wants to see it right before the use: before 5.16 it forgets the
     * bounds of what was kept in the frame in between.
     */
    private int inTable(Planted.Many many, int bounded, String map, int rowBytes, int offset) {
        LirBlock never = out.block();
        LirBlock on = out.block();
        out.branchImm(JmpOp.JGE, Width.W64, bounded, many.count(), never, on);
        out.aside(never, out::exit);
        out.place(on);
        if (Integer.bitCount(rowBytes) == 1) {
            out.aluImm(AluOp.LSH, Width.W64, bounded, Integer.numberOfTrailingZeros(rowBytes));
        } else {
            out.aluImm(AluOp.MUL, Width.W64, bounded, rowBytes);
        }
        int address = out.register();
        out.add(new Lir.MapValue(address, map, offset));
        out.alu(AluOp.ADD, Width.W64, address, bounded);
        return address;
    }
}
