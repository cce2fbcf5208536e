package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kprobe4j.Kernel;
import org.kprobe4j.PtRegs;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.PostPairing;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.RegisterValue;
import org.kprobe4j.compiler.RegisterValue.Operator;

/** Post handlers in the trap of their pre handlers: they run once for each, and see what the instruction will have done. */
class SameTrapTest {
    private static final long STACK = 0xffff_c900_0000_1000L;
    private static final RegisterValue SP = RegisterValue.register("sp");

    private final FakeKernel kernel = new FakeKernel();

    @BeforeEach
    void map() {
        kernel.perCpuHash("armed", Integer.BYTES, Long.BYTES, 1);
        kernel.put("armed", new byte[Integer.BYTES], new byte[Long.BYTES * FakeKernel.CPUS]);
    }

    private static Handlers shaped(Architecture machine, ProgramShape shape) {
        return new Handlers().on(machine).shaped(shape);
    }

    private static PostPairing pairing(Architecture machine, RegisterValue ip) {
        return new PostPairing.SameTrap(Map.of(machine.ip(), ip));
    }

    private Handlers.Hit pre(Architecture machine, PostPairing pairing, byte[] context) {
        var program =
                shaped(machine, new ProgramShape.Pre(Optional.of(pairing))).pre((p, regs) -> 0);
        return Handlers.hit(program, kernel, context);
    }

    @ParameterizedTest
    @EnumSource
    void aPostHandlerRunsOnceAfterItsPreHandlerOnThatCpu(Architecture machine) {
        PostPairing pairing =
                pairing(machine, RegisterValue.register(machine.ip()).plus(0x10));
        var post = shaped(machine, new ProgramShape.Post(pairing))
                .post((p, regs, flags) -> Kernel.printf("%x %x", regs.ip(), regs.sp()));
        byte[] context = Handlers.context(machine);
        assertThat(Handlers.hit(post, kernel, context).count(Account.FILTERED)).isOne();
        pre(machine, pairing, context);
        kernel.cpu = 2;
        assertThat(Handlers.hit(post, kernel, context).count(Account.FILTERED)).isOne();
        kernel.cpu = 1;
        long mask = machine == Architecture.ARM ? 0xffff_ffffL : -1;
        assertThat(Handlers.hit(post, kernel, context).lines())
                .containsExactly("%x %x".formatted((Handlers.ADDR + 0x11) & mask, STACK & mask));
        kernel.rings.clear();
        assertThat(Handlers.hit(post, kernel, context).count(Account.FILTERED)).isOne();
        assertThat(kernel.rings.getOrDefault("log", List.of())).isEmpty();
    }

    @Test
    void aPreHandlerThatStoppedLetsNoPostHandlerRun() {
        var machine = Architecture.X86_64;
        PostPairing pairing = pairing(machine, RegisterValue.of(1));
        var pre = shaped(machine, new ProgramShape.Pre(Optional.of(pairing))).pre((p, regs) -> (int) (1 / regs.arg(0)));
        var post = shaped(machine, new ProgramShape.Post(pairing)).post((p, regs, flags) -> {});
        var stopped = Handlers.hit(pre, kernel, Handlers.context(machine, 0));
        assertThat(stopped.faults()).containsExactly("/ by zero");
        assertThat(Handlers.hit(post, kernel, Handlers.context(machine)).count(Account.FILTERED))
                .isOne();
        Handlers.hit(pre, kernel, Handlers.context(machine, 1));
        assertThat(Handlers.hit(post, kernel, Handlers.context(machine)).count(Account.FILTERED))
                .isZero();
    }

    @Test
    void whatAReturnLoadsIsReadAndWhereItCannotBeTheHandlerStops() {
        var machine = Architecture.X86_64;
        var pairing = new PostPairing.SameTrap(Map.of("ip", new RegisterValue.Load(SP), "sp", SP.plus(8)));
        var post = shaped(machine, new ProgramShape.Post(pairing))
                .post((p, regs, flags) -> Kernel.printf("%x %x", regs.ip(), regs.sp()));
        byte[] context = Handlers.context(machine);
        pre(machine, pairing, context);
        assertThat(Handlers.hit(post, kernel, context).faults())
                .containsExactly("read of where the probed instruction goes on, at an address that is not mapped");
        kernel.kernel.put(
                STACK,
                ByteBuffer.allocate(8)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(0xffff_ffff_8100_0042L)
                        .array());
        pre(machine, pairing, context);
        assertThat(Handlers.hit(post, kernel, context).lines()).containsExactly("ffffffff81000042 ffffc90000001008");
    }

    @Test
    void everyWayToReadAChangedRegisterSeesTheChange() {
        var machine = Architecture.X86_64;
        var pairing = new PostPairing.SameTrap(
                Map.of("cx", RegisterValue.of(7), "ax", RegisterValue.of(-3), "ip", RegisterValue.of(5)));
        var post = shaped(machine, new ProgramShape.Post(pairing)).post((p, regs, flags) -> {
            if (regs instanceof PtRegs.X86 r) {
                Kernel.printf("%d %d %d %d %d", r.cx(), regs.arg(3), regs.returnValue(), r.ip(), regs.ip());
            }
        });
        byte[] context = Handlers.context(machine, 1, 2, 3, 4);
        pre(machine, pairing, context);
        assertThat(Handlers.hit(post, kernel, context).lines()).containsExactly("7 7 -3 5 5");
    }

    /** Random values, computed by the compiled handler and here. */
    @ParameterizedTest
    @EnumSource
    void computedValuesAreThoseOfTheirDefinition(Architecture machine) {
        var random = new Random(42);
        List<String> names = new ArrayList<>(machine.registers().keySet());
        long mask = machine.wordBytes() == Long.BYTES ? -1 : 0xffff_ffffL;
        for (int round = 0; round < 200; round++) {
            RegisterValue value = random(random, names, 4);
            PostPairing pairing = pairing(machine, value);
            CompiledProgram post = shaped(machine, new ProgramShape.Post(pairing))
                    .post((p, regs, flags) -> Kernel.printf("%x", regs.ip()));
            byte[] context = new byte[names.size() * machine.wordBytes()];
            random.nextBytes(context);
            pre(machine, pairing, context);
            kernel.rings.clear();
            long expected = value(value, machine, ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN)) & mask;
            assertThat(Handlers.hit(post, kernel, context).lines())
                    .as(value.toString())
                    .containsExactly(Long.toHexString(expected));
        }
    }

    private static RegisterValue random(Random random, List<String> names, int depth) {
        int kind = depth == 0 ? random.nextInt(2) : random.nextInt(8);
        return switch (kind) {
            case 0 -> RegisterValue.of(random.nextBoolean() ? random.nextLong() : random.nextInt(70) - 2);
            case 1 -> RegisterValue.register(names.get(random.nextInt(names.size())));
            case 2 ->
                new RegisterValue.Choice(
                        random(random, names, depth - 1),
                        random(random, names, depth - 1),
                        random(random, names, depth - 1));
            case 3 -> random(random, names, depth - 1).shiftedDown(random.nextInt(64));
            case 4 -> random(random, names, depth - 1).with(Operator.SHL, RegisterValue.of(random.nextInt(64)));
            default -> {
                Operator[] plain = {Operator.ADD, Operator.SUB, Operator.AND, Operator.OR, Operator.XOR};
                yield random(random, names, depth - 1)
                        .with(plain[random.nextInt(plain.length)], random(random, names, depth - 1));
            }
        };
    }

    private static long value(RegisterValue of, Architecture machine, ByteBuffer context) {
        return switch (of) {
            case RegisterValue.Constant(long value) -> value;
            case RegisterValue.Register(String name) -> {
                int offset = machine.offset(name).orElseThrow();
                yield machine.wordBytes() == Long.BYTES
                        ? context.getLong(offset)
                        : Integer.toUnsignedLong(context.getInt(offset));
            }
            case RegisterValue.Binary(var operator, var left, var right) -> {
                long a = value(left, machine, context);
                long b = value(right, machine, context);
                yield switch (operator) {
                    case ADD -> a + b;
                    case SUB -> a - b;
                    case AND -> a & b;
                    case OR -> a | b;
                    case XOR -> a ^ b;
                    case SHL -> a << b;
                    case USHR -> a >>> b;
                };
            }
            case RegisterValue.Load _ -> throw new AssertionError("no memory here");
            case RegisterValue.Choice(var test, var nonZero, var zero) -> {
                long word = machine.wordBytes() == Long.BYTES ? -1 : 0xffff_ffffL;
                yield (value(test, machine, context) & word) != 0
                        ? value(nonZero, machine, context)
                        : value(zero, machine, context);
            }
        };
    }
}
