package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.PreHandler;
import org.kprobe4j.compiler.CompileException;
import org.kprobe4j.compiler.HandlerCode;
import org.kprobe4j.compiler.HostProgram;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.internal.HandlerLambda;

/** Whatever a class file holds, the compiler answers with a program or with reasons. */
class DamagedClassTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    static final class Data {
        long stamp;
        int count;
    }

    record Pair(int a, long b) {
        Pair {
            if (a < 0) {
                a = -a;
            }
        }
    }

    private static int helper(int a, long b) {
        int sum = 0;
        for (int i = 0; i < 10; i++) {
            switch (i & 3) {
                case 0 -> sum += a;
                case 1 -> sum -= (int) (b / (i + 1));
                default -> sum ^= i;
            }
        }
        return sum;
    }

    private static final EntryHandler<Data> SAMPLE = (ri, regs) -> {
        var task = Kernel.current(Types.TaskStruct.class);
        if (task.mm().isNull() || (regs.arg(0) > 5 && task.pid() == Kernel.tid())) {
            return 1;
        }
        var pair = new Pair((int) regs.arg(1), regs.arg(2));
        ri.data().stamp = Kernel.ktimeNs() + helper(pair.a(), pair.b());
        ri.data().count += Math.max(3, pair.a());
        Kernel.printf("%s %d %d %s", ri.symbolName(), pair.b(), ri.data().count, Kernel.comm());
        return 0;
    };

    /** The program with one of its class files replaced. */
    private record Damaged(HostProgram host, String type, byte @Nullable [] bytes) implements HostProgram {
        @Override
        public byte @Nullable [] classFile(String name) {
            return name.equals(type) ? bytes : host.classFile(name);
        }

        @Override
        public Optional<Constant> finalField(String owner, String field, @Nullable Object receiver) {
            return host.finalField(owner, field, receiver);
        }

        @Override
        public Optional<KernelObject> kernelObject(Object captured) {
            return host.kernelObject(captured);
        }
    }

    private static final String HERE = DamagedClassTest.class.getName().replace('.', '/');
    private static final String PAIR = HERE + "$Pair";
    private static final String TASK = Types.TaskStruct.class.getName().replace('.', '/');

    private static void compile(Serializable handler, String type, byte @Nullable [] bytes) {
        HandlerLambda lambda = HandlerLambda.of(handler, _ -> Optional.empty());
        new Handlers()
                .btf(Types::btf)
                .data(Data.class)
                .shaped(new ProgramShape.Entry(java.util.OptionalLong.empty()))
                .compile(lambda.code(), new Damaged(lambda, type, bytes));
    }

    /** The classes that the sample is compiled from; damage to each is another matter. */
    static final List<String> TYPES = List.of(HERE, PAIR, TASK);

    /** A program, or reasons that are not the compiler's own fault. */
    static void survives(String type, byte[] bytes) {
        try {
            compile(SAMPLE, type, bytes);
        } catch (CompileException e) {
            assertThat(e.diagnostics()).isNotEmpty();
            assertThat(e.getMessage()).doesNotContain("please report");
        }
    }

    private static void survives(String type, Random random, int mutations) {
        byte[] bytes = Objects.requireNonNull(LanguageTest.classFile(type)).clone();
        for (int i = 0; i < mutations; i++) {
            // The version at the start stays, or the parser refuses all that follows unseen.
            int at = 8 + random.nextInt(bytes.length - 8);
            bytes[at] = random.nextBoolean() ? (byte) random.nextInt(256) : (byte) (bytes[at] ^ 1 << random.nextInt(8));
        }
        Instant start = Instant.now();
        survives(type, bytes);
        assertThat(Duration.between(start, Instant.now())).isLessThan(LIMIT);
    }

    @Property(tries = 600)
    void the_handlers_class(@ForAll long seed) {
        var random = new Random(seed);
        survives(HERE, random, 1 + random.nextInt(4));
    }

    @Property(tries = 300)
    void a_records_class(@ForAll long seed) {
        survives(PAIR, new Random(seed), 1);
    }

    @Property(tries = 300)
    void a_structures_interface(@ForAll long seed) {
        survives(TASK, new Random(seed), 1);
    }

    @Test
    void the_sample_compiles_undamaged() {
        compile(SAMPLE, HERE, LanguageTest.classFile(HERE));
    }

    private static String message(String type, byte @Nullable [] bytes) {
        try {
            compile(SAMPLE, type, bytes);
            return "compiles";
        } catch (CompileException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void a_class_file_that_is_missing_or_cut() {
        assertThat(message(HERE, null))
                .isEqualTo(
                        "DamagedClassTest.java: the class file of DamagedClassTest cannot be found through its class loader, so it cannot be compiled for the kernel");
        byte[] whole = Objects.requireNonNull(LanguageTest.classFile(HERE));
        assertThat(message(HERE, new byte[0]))
                .startsWith("DamagedClassTest.java: the class file of DamagedClassTest cannot be read: ");
        assertThat(message(HERE, java.util.Arrays.copyOf(whole, whole.length / 2)))
                .startsWith("DamagedClassTest.java: the class file of DamagedClassTest");
        assertThat(message(TASK, null)).contains(": the class file of Types.TaskStruct cannot be found");
    }

    @Test
    void a_method_that_is_not_there() {
        PreHandler handler = (p, regs) -> 0;
        HandlerLambda lambda = HandlerLambda.of(handler, _ -> Optional.empty());
        HandlerCode code = lambda.code();
        try {
            new Handlers().compile(new HandlerCode(code.owner(), "gone", code.descriptor(), code.captured()), lambda);
        } catch (CompileException e) {
            assertThat(e)
                    .hasMessage(
                            "DamagedClassTest.java: the handler's method gone(Lorg/kprobe4j/Kprobe;Lorg/kprobe4j/PtRegs;)I is not in the class file of DamagedClassTest");
        }
    }
}
