package org.kprobe4j.btf;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.kprobe4j.btf.BtfType.Member;

/** Damaged BTF: every question has an answer or a {@link BtfException}, soon. */
class BtfMutationTest {
    private static final byte[] KERNEL = Samples.kernel().toBytes();
    private static final Btf BASE = Btf.parse(ByteBuffer.wrap(KERNEL));
    private static final byte[] MODULE = module();

    @Property(tries = 5_000)
    void damagedKernel(@ForAll("damage") List<Integer> damage) {
        var bytes = ByteBuffer.wrap(damaged(KERNEL, damage));
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> ask(() -> Btf.parse(bytes)));
    }

    @Property(tries = 2_000)
    void damagedModule(@ForAll("damage") List<Integer> damage) {
        var bytes = ByteBuffer.wrap(damaged(MODULE, damage));
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> ask(() -> Btf.parseSplit(bytes, BASE)));
    }

    @Property(tries = 500)
    void cutShort(@ForAll("lengths") int length) {
        assertTimeoutPreemptively(
                Duration.ofSeconds(5), () -> ask(() -> Btf.parse(ByteBuffer.wrap(KERNEL, 0, length))));
    }

    @Provide
    Arbitrary<List<Integer>> damage() {
        return Arbitraries.integers().between(0, 1 << 24).list().ofMinSize(1).ofMaxSize(8);
    }

    @Provide
    Arbitrary<Integer> lengths() {
        return Arbitraries.integers().between(0, KERNEL.length);
    }

    private static byte[] damaged(byte[] whole, List<Integer> damage) {
        var bytes = whole.clone();
        damage.forEach(change -> bytes[(change >>> 8) % bytes.length] = change.byteValue());
        return bytes;
    }

    private interface Question<T> {
        T ask();
    }

    private static void ask(Question<Btf> parse) {
        Btf btf;
        int end;
        try {
            btf = parse.ask();
            end = btf.endId();
        } catch (BtfException e) {
            return;
        }
        for (int i = 0; i <= end; i++) {
            int id = i;
            answered(() -> btf.type(id));
            answered(() -> btf.resolve(id));
            answered(() -> btf.sizeOf(id));
            answered(() -> btf.declare(id));
            answered(() -> btf.nameOf(id));
            answered(() -> btf.field(id, "high"));
            answered(() -> btf.field(id, "none"));
        }
        answered(() -> btf.function("kernel_clone").map(btf::prototype));
        answered(() -> btf.struct("task_struct").map(btf::fieldNames));
        answered(() -> btf.typedef("pid_t"));
        answered(() -> btf.names(EnumSet.allOf(BtfKind.class)).count());
        answered(() -> btf.names(EnumSet.of(BtfKind.FUNC)).toList());
    }

    private static void answered(Question<?> question) {
        try {
            question.ask();
        } catch (BtfException e) {
            // the documented outcome
        }
    }

    private static byte[] module() {
        var writer = new BtfWriter(BASE);
        int inner = writer.struct("", 8, List.of(new Member("owner", 1, 0, 0)));
        writer.function("mod_init", writer.functionProto(inner, List.of(), false), Linkage.STATIC);
        writer.struct("mod_data", 8, List.of(new Member("", inner, 0, 0), new Member("more", 2, 32, 0)));
        return writer.toBytes();
    }
}
