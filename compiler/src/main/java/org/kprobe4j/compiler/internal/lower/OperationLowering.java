package org.kprobe4j.compiler.internal.lower;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.RoomOperation;
import org.kprobe4j.compiler.internal.ir.StateOperation;
import org.kprobe4j.compiler.internal.ir.TextSource;
import org.kprobe4j.compiler.internal.ir.Value;

/** One rule for each {@link Opcode}. */
final class OperationLowering {
    private final LirBuilder out;
    private final Lowering values;
    private final Frame frame;
    private final ContextLowering context;
    private final TaskLowering task;
    private final PlaceLowering place;
    private final MapLowering maps;
    private final AggregateLowering aggregates;
    private final RoomLowering rooms;
    private final StateLowering state;
    private final @Nullable ReturnOverride override;
    private int scratch;

    OperationLowering(
            LirBuilder out,
            Lowering values,
            Frame frame,
            ContextLowering context,
            TaskLowering task,
            Scratch memory,
            PlaceLowering place,
            @Nullable ReturnOverride override) {
        this.task = task;
        this.place = place;
        this.override = override;
        this.rooms = new RoomLowering(out, values, frame, memory);
        this.out = out;
        this.values = values;
        this.frame = frame;
        this.context = context;
        this.maps = new MapLowering(out, values, this, memory);
        this.aggregates = new AggregateLowering(out, values, maps);
        this.state = new StateLowering(out, values, this, maps, memory);
    }

    /** Before the operations of a block, which come after those of all that lead to it, loops excepted. */
    void begin(Block block) {
        maps.begin(block);
    }

    void end(Block block) {
        maps.end(block);
    }

    void lower(Value.Operation operation) {
        switch (operation.opcode()) {
            case Opcode.Binary(Arithmetic operator) -> binary(operation, operator);
            case Opcode.Negate() -> {
                int result = copy(operation.argument(0));
                out.add(new Lir.Negate(Lowering.width(operation.kind()), result));
                values.define(operation, result);
            }
            case Opcode.Extend() -> {
                int result = copy(Lowering.uncut(operation.argument(0)));
                extend(result, Width.W64, Integer.SIZE, true);
                values.define(operation, result);
            }
            // The upper half of an int's register is zero.
            case Opcode.ZeroExtend() -> values.define(operation, copy(operation.argument(0)));
            case Opcode.Truncate() -> values.define(operation, truncate(operation.argument(0)));
            case Opcode.Narrow(int bits, boolean signed) -> {
                int result = copy(Lowering.uncut(operation.argument(0)));
                extend(result, Width.W32, Integer.SIZE - bits, signed);
                values.define(operation, result);
            }
            case Opcode.Compare test -> compare(operation, test.cond());
            case Opcode.CompareLong() -> compareLong(operation);
            case Opcode.Context(int offset, Size size) -> values.define(operation, context.load(offset, size));
            case Opcode.PlaceRow(int offset) -> values.define(operation, place.row(offset));
            case Opcode.ArmPost() -> frame.armPost(values.register(operation.argument(0)));
            case Opcode.HelperCall call -> values.define(operation, helper(operation, call.helper()));
            case Opcode.KernelRead read -> values.define(operation, kernelRead(operation, read));
            case Opcode.DataLoad(int offset, Size size, boolean signed) -> {
                int result = dataLoad(offset, size);
                widen(out, result, operation.kind(), size, signed);
                values.define(operation, result);
            }
            case Opcode.DataStore(int offset, Size size) ->
                store(out, values, size, frame.dataBase(), frame.dataOffset() + offset, operation.argument(0));
            case Opcode.Emit emit -> emit(operation, emit);
            case Opcode.OverrideReturn(int site) ->
                Objects.requireNonNull(override).choose(site, values.register(operation.argument(0)));
            case Opcode.MapLookup lookup -> values.define(operation, maps.lookup(operation, lookup));
            case Opcode.MapLoad(int offset, Size size, boolean signed) -> {
                int result = out.load(size, values.register(operation.argument(0)), offset);
                widen(out, result, operation.kind(), size, signed);
                values.define(operation, result);
            }
            case Opcode.MapUpdate update -> values.define(operation, maps.update(operation, update));
            case Opcode.MapDelete delete -> values.define(operation, maps.delete(operation, delete));
            case Opcode.MapAdd add -> maps.add(operation, add);
            case Opcode.CellAdd(String map, int offset) -> {
                int address = out.mapValue(map, offset);
                out.add(new Lir.AtomicAdd(Size.DW, address, 0, values.register(operation.argument(0))));
            }
            case Opcode.BucketCount(String map, Buckets buckets) ->
                new BucketLowering(out, buckets).count(copy(operation.argument(0)), map);
            case Opcode.RowCount count -> aggregates.count(operation, count);
            case Opcode.SummaryAdd summary -> aggregates.add(operation, summary);
            case Opcode.SummaryMapAdd add -> aggregates.add(operation, add);
            case Opcode.StackNumber stack ->
                values.define(operation, new StackLowering(out, values, context.register()).number(stack));
            case Opcode.State(StateOperation of) -> state.lower(operation, of);
            case Opcode.Memory(RoomOperation room) -> rooms.lower(operation, room);
        }
    }

    /** Private data; behind it lie the arguments that were kept, unless the context still has them. */
    private int dataLoad(int offset, Size size) {
        int argument = (offset - frame.dataBytes()) / Long.BYTES;
        return offset >= frame.dataBytes() && context.keepsArguments()
                ? context.argument(argument, size)
                : out.load(size, frame.dataBase(), frame.dataOffset() + offset);
    }

    private int truncate(Value value) {
        if (isUpperHalf(value)) {
            return copy(value);
        }
        int result = out.register();
        out.alu(AluOp.MOV, Width.W32, result, values.register(value));
        return result;
    }

    /** Whether a long was shifted down so far that its upper half is zero already. */
    private static boolean isUpperHalf(Value value) {
        return value instanceof Value.Operation shift
                && shift.opcode() instanceof Opcode.Binary(Arithmetic operator)
                && operator == Arithmetic.USHR
                && shift.argument(1) instanceof Value.Constant count
                && (count.value() & (Long.SIZE - 1)) >= Integer.SIZE;
    }

    private int copy(Value value) {
        int register = out.register();
        values.moveTo(register, value);
        return register;
    }

    /** Keeps the lower bits: shifts them up and back. */
    private void extend(int register, Width width, int shift, boolean signed) {
        out.aluImm(AluOp.LSH, width, register, shift);
        out.aluImm(signed ? AluOp.ARSH : AluOp.RSH, width, register, shift);
    }

    /** Sign-extends what a load left zero-extended. */
    static void widen(LirBuilder out, int register, Kind kind, Size size, boolean signed) {
        int bits = (kind == Kind.INT ? Integer.SIZE : Long.SIZE) - size.bytes() * Byte.SIZE;
        if (signed && bits > 0) {
            out.aluImm(AluOp.LSH, Lowering.width(kind), register, bits);
            out.aluImm(AluOp.ARSH, Lowering.width(kind), register, bits);
        }
    }

    private void binary(Value.Operation operation, Arithmetic operator) {
        Kind kind = operation.kind();
        // Instructions of 32 bits read the lower halves only and clear the upper half.
        Value a = Lowering.uncut(operation.argument(0));
        Value b = Lowering.uncut(operation.argument(1));
        int result = switch (operator) {
            case DIV, REM -> divide(kind, a, b, operator == Arithmetic.REM);
            case SHL -> shift(AluOp.LSH, kind, a, b);
            case SHR -> shift(AluOp.ARSH, kind, a, b);
            case USHR -> shift(AluOp.RSH, kind, a, b);
            case ADD -> simple(AluOp.ADD, kind, a, b);
            case SUB -> simple(AluOp.SUB, kind, a, b);
            case MUL -> simple(AluOp.MUL, kind, a, b);
            case AND -> simple(AluOp.AND, kind, a, b);
            case OR -> simple(AluOp.OR, kind, a, b);
            case XOR -> simple(AluOp.XOR, kind, a, b);
        };
        values.define(operation, result);
    }

    private int simple(AluOp op, Kind kind, Value a, Value b) {
        int result = copy(a);
        values.apply(op, kind, result, b);
        return result;
    }

    /** Java takes a shift count modulo the width; the instruction set leaves larger counts undefined. */
    private int shift(AluOp op, Kind kind, Value a, Value b) {
        int mask = kind == Kind.INT ? Integer.SIZE - 1 : Long.SIZE - 1;
        int result = copy(a);
        if (b instanceof Value.Constant count) {
            out.aluImm(op, Lowering.width(kind), result, (int) count.value() & mask);
        } else {
            int count = copy(b);
            out.aluImm(AluOp.AND, Width.W32, count, mask);
            out.alu(op, Lowering.width(kind), result, count);
        }
        return result;
    }

    /**
     * Signed division on an instruction set that divides unsigned (signed division came with 6.6): divide the magnitudes,
     * then give the result its sign. The smallest number is its own magnitude, which yields what Java asks for.
     */
    private int divide(Kind kind, Value a, Value b, boolean remainder) {
        if (b instanceof Value.Constant constant && constant.value() > 0 && constant.value() <= Integer.MAX_VALUE) {
            int divisor = (int) constant.value();
            return divisor > 1 && Integer.bitCount(divisor) == 1
                    ? dividePowerOfTwo(kind, a, divisor, remainder)
                    : dividePositive(kind, a, divisor, remainder);
        }
        Width width = Lowering.width(kind);
        int signA = sign(kind, copy(a));
        int magnitude = magnitude(width, copy(a), signA);
        int signB = sign(kind, copy(b));
        int divisor = magnitude(width, copy(b), signB);
        out.alu(remainder ? AluOp.MOD : AluOp.DIV, width, magnitude, divisor);
        if (!remainder) {
            out.alu(AluOp.XOR, width, signA, signB);
        }
        out.alu(AluOp.XOR, width, magnitude, signA);
        out.alu(AluOp.SUB, width, magnitude, signA);
        return magnitude;
    }

    private int dividePositive(Kind kind, Value a, int divisor, boolean remainder) {
        Width width = Lowering.width(kind);
        int sign = sign(kind, copy(a));
        int result = magnitude(width, copy(a), sign);
        out.aluImm(remainder ? AluOp.MOD : AluOp.DIV, width, result, divisor);
        out.alu(AluOp.XOR, width, result, sign);
        out.alu(AluOp.SUB, width, result, sign);
        return result;
    }

    /** A shift rounds down; Java rounds towards zero, so a negative number is raised by the divisor less one before. */
    private int dividePowerOfTwo(Kind kind, Value a, int divisor, boolean remainder) {
        Width width = Lowering.width(kind);
        int shift = Integer.numberOfTrailingZeros(divisor);
        int bias = sign(kind, copy(a));
        out.aluImm(AluOp.RSH, width, bias, width.bits() - shift);
        int result = copy(a);
        out.alu(AluOp.ADD, width, result, bias);
        if (remainder) {
            out.aluImm(AluOp.AND, width, result, divisor - 1);
            out.alu(AluOp.SUB, width, result, bias);
        } else {
            out.aluImm(AluOp.ARSH, width, result, shift);
        }
        return result;
    }

    /** All ones for a negative number, else zero. */
    private int sign(Kind kind, int register) {
        out.aluImm(AluOp.ARSH, Lowering.width(kind), register, kind == Kind.INT ? Integer.SIZE - 1 : Long.SIZE - 1);
        return register;
    }

    private int magnitude(Width width, int register, int sign) {
        out.alu(AluOp.XOR, width, register, sign);
        out.alu(AluOp.SUB, width, register, sign);
        return register;
    }

    private void compare(Value.Operation operation, Cond cond) {
        int result = out.register();
        LirBlock done = out.block();
        out.add(new Lir.Const(result, 1, false));
        leaveIf(cond, operation, done);
        out.add(new Lir.Const(result, 0, false));
        out.jump(done);
        out.place(done);
        values.define(operation, result);
    }

    private void compareLong(Value.Operation operation) {
        int result = out.register();
        LirBlock done = out.block();
        out.add(new Lir.Const(result, -1, false));
        leaveIf(Cond.LT, operation, done);
        out.add(new Lir.Const(result, 1, false));
        leaveIf(Cond.GT, operation, done);
        out.add(new Lir.Const(result, 0, false));
        out.jump(done);
        out.place(done);
        values.define(operation, result);
    }

    private void leaveIf(Cond cond, Value.Operation operation, LirBlock done) {
        LirBlock on = out.block();
        values.compare(cond, operation.argument(0), operation.argument(1), done, on);
        out.place(on);
    }

    private int helper(Value.Operation operation, Helper helper) {
        for (int i = 0; i < operation.arguments().length; i++) {
            values.moveTo(1 + i, operation.argument(i));
        }
        return out.call(helper, operation.arguments().length);
    }

    private int kernelRead(Value.Operation operation, Opcode.KernelRead read) {
        int scratch = frameWord();
        values.moveTo(3, operation.argument(0));
        if (read.offset() != 0) {
            out.aluImm(AluOp.ADD, Width.W64, 3, read.offset());
        }
        out.add(new Lir.FrameAddress(1, scratch));
        out.add(new Lir.Const(2, read.size().bytes(), true));
        int failed = out.call(read.user() ? Helper.PROBE_READ_USER : Helper.PROBE_READ_KERNEL, 3);
        LirBlock fault = out.block();
        LirBlock on = out.block();
        out.branchImm(JmpOp.JNE, Width.W64, failed, 0, fault, on);
        Long fallback = read.fallback();
        if (fallback == null) {
            out.aside(fault, () -> {
                out.count(Account.FAULTS + read.site());
                frame.abandon();
            });
            out.place(on);
            return loadRead(operation.kind(), read);
        }
        out.place(on);
        int result = loadRead(operation.kind(), read);
        LirBlock done = out.block();
        out.jump(done);
        out.aside(fault, () -> {
            if (read.site() != Opcode.UNCOUNTED) {
                out.count(Account.FAULTS + read.site());
            }
            out.add(new Lir.Const(result, fallback, operation.kind() == Kind.LONG));
            out.jump(done);
        });
        out.place(done);
        return result;
    }

    /** A word of the frame for those that need it for a moment. */
    private int frameWord() {
        if (scratch == 0) {
            scratch = out.program().frame(Long.BYTES);
        }
        return scratch;
    }

    /** What was read, as a value of the operation's kind. */
    private int loadRead(Kind kind, Opcode.KernelRead read) {
        int result = out.load(read.size(), Lir.FRAME, scratch);
        Opcode.BitRange bits = read.bits();
        if (bits == null) {
            widen(out, result, kind, read.size(), read.signed());
            return result;
        }
        if (bits.shift() > 0) {
            out.aluImm(AluOp.RSH, Width.W64, result, bits.shift());
        }
        int above = (kind == Kind.INT ? Integer.SIZE : Long.SIZE) - bits.count();
        if (above > 0) {
            extend(result, Lowering.width(kind), above, read.signed());
        } else if (kind == Kind.INT) {
            out.alu(AluOp.MOV, Width.W32, result, result);
        }
        return result;
    }

    static void store(LirBuilder out, Lowering values, Size size, int base, int offset, Value value) {
        if (value instanceof Value.Constant constant && constant.value() == (int) constant.value()) {
            out.add(new Lir.StoreImm(size, base, offset, (int) constant.value()));
        } else {
            boolean whole = size == Size.DW;
            out.add(new Lir.Store(size, base, offset, whole ? values.register(value) : values.lowerHalf(value)));
        }
    }

    private void emit(Value.Operation operation, Opcode.Emit emit) {
        var reservation = new RingReservation(out, emit, this::frameWord);
        int record = reservation.make();
        emit.fields().forEach(field -> fill(operation, field, record, 0, true));
        reservation.submit();
    }

    /** Writes a part of what begins {@code origin} bytes from a register's address, which may be that of a record in a ring. */
    void fill(Value.Operation operation, Opcode.Field field, int base, int origin, boolean reserved) {
        int at = origin + field.offset();
        switch (field) {
            case Opcode.Field.Scalar scalar ->
                store(out, values, scalar.size(), base, at, operation.argument(scalar.argument()));
            // Of a record only the name is read; a key is compared with what stands behind it.
            case Opcode.Field.Comm _ when reserved && at % Long.BYTES == 0 && task.comm(base, at) -> {}
            case Opcode.Field.Comm _ -> {
                address(1, base, at);
                out.add(new Lir.Const(2, Opcode.Field.Comm.BYTES, true));
                out.add(new Lir.Call(Helper.GET_CURRENT_COMM, 2));
            }
            case Opcode.Field.Text text
            when text.source() == TextSource.TABLE && at % Long.BYTES == 0 ->
                rooms.copy(operation.argument(text.argument()), text.sizeBytes(), base, at);
            case Opcode.Field.Text text ->
                onFault(
                        rooms.readInto(operation.argument(text.argument()), text, base, at),
                        text,
                        reserved ? base : Lir.NONE);
            case Opcode.Field.Register(int _, int register, Size size) ->
                out.add(new Lir.Store(Size.DW, base, at, context.load(register, size)));
            case Opcode.Field.Bytes bytes -> bytes(base, at, bytes.content());
            case Opcode.Field.Stack stack -> {
                out.add(new Lir.Move(1, context.register()));
                address(2, base, at + Long.BYTES);
                int length = new StackLowering(out, values, context.register()).walk(stack);
                out.add(new Lir.Store(Size.DW, base, at, length));
                new StackLowering(out, values, context.register())
                        .replaceFirst(operation, stack, length, base, at + Long.BYTES);
            }
        }
    }

    /** Where a text could not be read, and the helper left zeros: goes on, or gives the record back, if there is one, and stops. */
    private void onFault(int result, Opcode.Field.Text text, int record) {
        LirBlock fault = out.block();
        LirBlock on = out.block();
        out.branchImm(JmpOp.JSLT, Width.W64, result, 0, fault, on);
        out.aside(fault, () -> {
            out.count(Account.FAULTS + text.site());
            if (text.orEmpty()) {
                out.jump(on);
                return;
            }
            if (record != Lir.NONE) {
                out.add(new Lir.Move(1, record));
                out.add(new Lir.Const(2, 0, true));
                out.add(new Lir.Call(Helper.RINGBUF_DISCARD, 2));
            }
            frame.abandon();
        });
        out.place(on);
    }

    private void address(int register, int base, int offset) {
        if (base == Lir.FRAME) {
            out.add(new Lir.FrameAddress(register, offset));
            return;
        }
        out.add(new Lir.Move(register, base));
        out.aluImm(AluOp.ADD, Width.W64, register, offset);
    }

    /** Constant bytes, in stores as wide as their place allows. */
    private void bytes(int record, int from, List<Byte> content) {
        int at = 0;
        while (at < content.size()) {
            int size = Integer.BYTES;
            boolean zeros = (from + at) % Long.BYTES == 0
                    && content.size() - at >= Long.BYTES
                    && content.subList(at, at + Long.BYTES).stream().allMatch(b -> b == 0);
            if (zeros) {
                out.add(new Lir.StoreImm(Size.DW, record, from + at, 0));
                at += Long.BYTES;
                continue;
            }
            while ((from + at) % size != 0 || at + size > content.size()) {
                size /= 2;
            }
            int word = 0;
            for (int i = size - 1; i >= 0; i--) {
                word = word << Byte.SIZE | (content.get(at + i) & 0xff);
            }
            out.add(new Lir.StoreImm(Size.ofBytes(size), record, from + at, word));
            at += size;
        }
    }
}
