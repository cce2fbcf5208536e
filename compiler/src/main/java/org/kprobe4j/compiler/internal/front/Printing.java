package org.kprobe4j.compiler.internal.front;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.EventLayout;
import org.kprobe4j.compiler.FormatString;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.PrintFormat;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.compiler.StackKind;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** What leaves a handler: printed lines and event records. Each costs one ring buffer record; the text is made in user space. */
final class Printing {
    /** Symbolic name of the ring buffer that printed lines travel through. */
    static final String LOG_RING = "log";

    private Printing() {}

    /**
     * A printed line's record.
     *
     * <pre>
     *   0          4          8
     *   +----------+----------+----------------+--
     *   |format id |   (0)    | argument       | ...
     *   +----------+----------+----------------+--
     * </pre>
     */
    private static final class Line {
        private final CallSite site;
        private final int id;
        private final List<Opcode.Field> fields = new ArrayList<>();
        private final List<Value> values = new ArrayList<>();
        private final List<PrintFormat.Argument> arguments = new ArrayList<>();
        private int sizeBytes = Long.BYTES;

        Line(CallSite site) {
            this.site = site;
            this.id = site.translation().nextFormatId();
            values.add(GraphBuilder.constant((long) id));
            fields.add(new Opcode.Field.Scalar(0, Size.DW, 0));
        }

        void add(Operand operand) {
            switch (operand) {
                case Operand.Host(Object object) -> arguments.add(new PrintFormat.Argument.Known(object));
                case Operand.Boxed boxed -> number(boxed.value(), boxed.type());
                case Operand.Scalar scalar ->
                    number(scalar.value(), scalar.value().kind() == Kind.INT ? int.class : long.class);
                case Operand.Struct struct -> number(struct.address(), long.class);
                case Operand.KernelEnum constant -> enumerator(constant);
                case Operand.Comm _ -> {
                    arguments.add(new PrintFormat.Argument.Chars(sizeBytes, Opcode.Field.Comm.BYTES));
                    fields.add(new Opcode.Field.Comm(take(Opcode.Field.Comm.BYTES)));
                }
                case Operand.Text(List<Value> words, int _) -> {
                    int bytes = words.size() * Long.BYTES;
                    arguments.add(new PrintFormat.Argument.Chars(sizeBytes, bytes));
                    MapText.store(site.builder(), new Operand.Text(words, bytes), take(bytes), fields, values);
                }
                case Operand.Maybe _ ->
                    throw new Refusal("what may be null cannot be printed; test it before, or use getOrDefault");
                case Operand.KernelString text -> text(text);
                case Operand.Ipv4(Value word) -> {
                    values.add(word);
                    address(
                            RecordLayout.IPV4_BYTES,
                            new Opcode.Field.Scalar(take(Long.BYTES), Size.DW, values.size() - 1));
                }
                case Operand.Ipv6(Value address) ->
                    address(
                            RecordLayout.IPV6_BYTES,
                            RecordFields.ipv6(site, address, take(RecordLayout.IPV6_BYTES), values));
                case Operand.StackTrace(StackKind kind) -> {
                    int frames = StackKind.DEFAULT_FRAMES;
                    arguments.add(
                            kind == StackKind.KERNEL
                                    ? new PrintFormat.Argument.Stack(sizeBytes, frames)
                                    : new PrintFormat.Argument.UserStack(sizeBytes, frames));
                    Stacks.event(site, kind, take(kind.eventBytes(frames)), frames, null, fields, values);
                }
                case Operand.Registers _ -> registers();
                case Operand.FlagNames(Value flags, String registerSet) -> {
                    arguments.add(new PrintFormat.Argument.Flags(sizeBytes, registerSet));
                    fields.add(new Opcode.Field.Scalar(take(Long.BYTES), Size.DW, values.size()));
                    values.add(flags);
                }
                case Operand.Probe _,
                        Operand.Instance _,
                        Operand.PrivateData _,
                        Operand.Made _,
                        Operand.Thrown _,
                        Operand.EnumSwitch _,
                        Operand.EnumSelector _,
                        Operand.KernelArray _,
                        Operand.Arguments _,
                        Operand.Globals _,
                        Operand.TextHash _,
                        Operand.LocalArray _,
                        Operand.Refused _,
                        Operand.Unusable _ -> throw new Refusal("this object cannot be printed; print its parts");
            }
        }

        private void text(Operand.KernelString text) {
            int bytes = text.array() ? text.bytes() - 1 : text.bytes();
            int offset = take(bytes + 7 & -8);
            arguments.add(new PrintFormat.Argument.Chars(offset, bytes));
            fields.add(RecordFields.field(site, text, offset, bytes, values));
            RecordFields.zeros(fields, offset + bytes, sizeBytes);
        }

        /** As the record of this machine's registers lies in an event. */
        private void registers() {
            String set = site.translation().request().architecture().registerSet();
            arguments.add(new PrintFormat.Argument.Registers(sizeBytes, set));
            int count = site.translation().request().architecture().registers().size();
            RegisterReads.all(site, take(count * Long.BYTES), fields, values);
        }

        private void address(int bytes, Opcode.Field field) {
            arguments.add(new PrintFormat.Argument.Address(field.offset(), bytes));
            fields.add(field);
        }

        private void number(Value value, Class<?> type) {
            var numeral = new PrintFormat.Argument.Numeral(sizeBytes, type);
            if (value instanceof Value.Constant known) {
                arguments.add(new PrintFormat.Argument.Known(numeral.value(known.value())));
                return;
            }
            arguments.add(numeral);
            fields.add(new Opcode.Field.Scalar(take(Long.BYTES), Size.DW, values.size()));
            values.add(value);
        }

        /** The number travels; its name is put in in user space. */
        private void enumerator(Operand.KernelEnum constant) {
            Value value = constant.value();
            Value wide = value.kind() == Kind.LONG ? value : site.builder().extend(value);
            arguments.add(new PrintFormat.Argument.Enumerator(sizeBytes, KernelEnums.names(constant.kernel())));
            fields.add(new Opcode.Field.Scalar(take(Long.BYTES), Size.DW, values.size()));
            values.add(wide);
        }

        private int take(int bytes) {
            int offset = sizeBytes;
            sizeBytes += bytes;
            return offset;
        }

        Operand send(String format) {
            site.translation().addFormat(new PrintFormat(id, format, arguments));
            site.builder()
                    .append(
                            Kind.INT,
                            new Opcode.Emit(LOG_RING, PrintFormat.RING_BYTES, sizeBytes, fields),
                            values.toArray(Value[]::new));
            return CallSite.NOTHING;
        }
    }

    static Operand printf(CallSite site) {
        if (!(site.argument(0) instanceof Operand.Host(String format))) {
            throw new Refusal("Kernel.printf needs a format that is known when the handler is compiled");
        }
        if (!(site.argument(1) instanceof Operand.Made array)) {
            throw new Refusal("Kernel.printf needs its arguments one by one");
        }
        State.Content content = site.state().content(array);
        int count = Integer.parseInt(content.type().substring(1));
        List<FormatString.Piece.Conversion> conversions =
                parse(() -> FormatString.parse(format, count)).conversions();
        var record = new Line(site);
        for (int i = 0; i < count; i++) {
            Operand argument = content.parts().getOrDefault(Integer.toString(i), new Operand.Host(null));
            if (argument instanceof Operand.Host(Object object)
                    && object != null
                    && site.translation().request().host().kernelObject(object).isPresent()) {
                throw new Refusal("this object cannot be printed; print its parts");
            }
            check(format, conversions.get(i), argument);
            boolean asNumber = conversions.get(i).type() != 's';
            record.add(
                    argument instanceof Operand.KernelEnum constant && asNumber
                            ? new Operand.Scalar(constant.value())
                            : argument);
        }
        return record.send(format);
    }

    private static FormatString parse(Supplier<FormatString> format) {
        try {
            return format.get();
        } catch (IllegalArgumentException e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
    }

    /** A number needs a number's conversion, and text %s. */
    private static void check(String format, FormatString.Piece.Conversion conversion, Operand argument) {
        boolean text = switch (argument) {
            case Operand.Host(Object object) ->
                !(object instanceof Number || object instanceof Character || object instanceof Boolean);
            case Operand.Comm _,
                    Operand.Text _,
                    Operand.StackTrace _,
                    Operand.Registers _,
                    Operand.FlagNames _,
                    Operand.KernelString _,
                    Operand.Ipv4 _,
                    Operand.Ipv6 _ -> true;
            default -> false;
        };
        try {
            conversion.check(format, text);
        } catch (IllegalArgumentException e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
    }

    static Operand dumpStack(CallSite site) {
        var record = new Line(site);
        record.add(new Operand.StackTrace(StackKind.KERNEL));
        return record.send("Call Trace:\n%s");
    }

    /** {@code ring.emit(record)}: the record's components at their places in the layout. */
    static Operand emit(CallSite site) {
        if (!(site.kernelObject() instanceof KernelObject.Ring ring)) {
            throw new Refusal("emit needs a RingBuffer that was made outside the handler and captured by it");
        }
        if (site.argument(1) instanceof Operand.Unusable) {
            throw new Refusal("emit cannot tell which record this is: different branches made it; emit in each branch");
        }
        if (!(site.argument(1) instanceof Operand.Made made)) {
            throw new Refusal("emit needs a record that the handler makes: emit(new MyEvent(…))");
        }
        State.Content content = site.state().content(made);
        EventLayout events = ring.events();
        int number = events.number(content.type())
                .orElseThrow(() -> new Refusal("this ring buffer takes %s; it has no place for %s"
                        .formatted(events.javaNames(), Translation.javaName(content.type()))));
        var fields = new ArrayList<Opcode.Field>();
        var values = new ArrayList<Value>();
        if (events.numbered()) {
            fields.add(new Opcode.Field.Scalar(0, Size.DW, values.size()));
            values.add(GraphBuilder.constant((long) number));
        }
        new RecordFields(site, fields, values, false)
                .add(events.variants().get(number).layout(), content, events.offset());
        site.builder()
                .append(
                        Kind.INT,
                        new Opcode.Emit(ring.map(), ring.sizeBytes(), events.sizeBytes(number), fields),
                        values.toArray(Value[]::new));
        return CallSite.NOTHING;
    }

    /** What a ring buffer has for those who take its records. */
    static Refusal outside(CallSite site) {
        return new Refusal(
                site.isStatic()
                        ? "a handler cannot make a RingBuffer; make it outside, and use it in the handler"
                        : "RingBuffer.%s works outside handlers only; in a handler use emit".formatted(site.name()));
    }
}
