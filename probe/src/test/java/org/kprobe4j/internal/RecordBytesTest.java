package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.compiler.RecordLayout;

/** Records of every shape, from any class loader, survive the way through their bytes. */
class RecordBytesTest {
    enum Way {
        IN,
        OUT
    }

    private record Inner(byte b, long l) {}

    private record Everything(
            boolean flag,
            byte b,
            short s,
            char c,
            int i,
            long l,
            String text,
            Way way,
            Inner inner,
            InetAddress either,
            Inet4Address v4,
            Inet6Address v6) {}

    private static <T extends Record> RecordBytes<T> codec(Class<T> type) {
        return new RecordBytes<>(type, RecordLayout.of(type));
    }

    @Test
    void anything() {
        var random = new Random(11);
        for (int i = 0; i < 300; i++) {
            survives(made(random));
        }
    }

    private static Everything made(Random random) {
        boolean flag = random.nextBoolean();
        var inner = new Inner((byte) random.nextInt(), random.nextLong());
        var v4 = (Inet4Address) address(10, 1, 2, 3);
        var v6 = (Inet6Address) address(0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, inner.b() & 0xff);
        return new Everything(
                flag,
                (byte) random.nextInt(),
                (short) random.nextInt(),
                (char) random.nextInt(),
                random.nextInt(),
                random.nextLong(),
                "größer als a".substring(random.nextInt(12)),
                flag ? Way.IN : Way.OUT,
                inner,
                flag ? v4 : v6,
                v4,
                v6);
    }

    private static void survives(Everything whole) {
        RecordBytes<Everything> codec = codec(Everything.class);
        byte[] bytes = codec.write(whole);
        assertThat(codec.read(MemorySegment.ofArray(bytes))).isEqualTo(whole);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes.length + 24L);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, 24, bytes.length);
            assertThat(codec.read(memory, 24)).isEqualTo(whole);
        }
    }

    private static InetAddress address(int... bytes) {
        var copy = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            copy[i] = (byte) bytes[i];
        }
        try {
            return InetAddress.getByAddress(copy);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private record Text(@MaxBytes(4) String text) {}

    private record Enums(Way way) {}

    private record Family(Inet4Address address) {}

    private record Nested(Inner inner) {}

    @Test
    void whatAComponentDoesNotHold() {
        assertThat(codec(Text.class)
                        .read(MemorySegment.ofArray(codec(Text.class).write(new Text("12345")))))
                .isEqualTo(new Text("123"));
        refused(new Enums(null), "the component way is null; a Way must be there");
        refused(new Family(null), "the component address is null; a Inet4Address must be there");
        refused(new Nested(null), "the component inner is null; a record within a record must be there");
    }

    private static void refused(Record record, String message) {
        assertThatThrownBy(() -> codec(record.getClass()).write(record))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    private record Checked(int number) {
        Checked {
            if (number < 0) {
                throw new IllegalStateException("negative: " + number);
            }
        }
    }

    @Test
    void whatTheConstructorThrowsPasses() {
        byte[] bytes = {-1, -1, -1, -1, 0, 0, 0, 0};
        assertThatThrownBy(() -> codec(Checked.class).read(MemorySegment.ofArray(bytes)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("negative: -1");
    }

    /** A loader that knows nothing but java.base and one class, as a program's that was compiled in memory. */
    private static final class Alone extends ClassLoader {
        Alone() {
            super(null);
        }

        Class<?> define(Class<?> type) {
            try (InputStream in = RecordBytesTest.class.getResourceAsStream(
                    type.getName().substring(type.getPackageName().length() + 1) + ".class")) {
                byte[] bytes = in.readAllBytes();
                return defineClass(type.getName(), bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void recordsOfALoaderThatDoesNotKnowUs() throws ReflectiveOperationException {
        var alone = new Alone();
        alone.define(RecordBytesTest.class);
        Class<? extends Record> inner = alone.define(Inner.class).asSubclass(Record.class);
        Class<? extends Record> nested = alone.define(Nested.class).asSubclass(Record.class);
        assertThat(inner).isNotEqualTo(Inner.class);
        Record made = make(nested, make(inner, (byte) 3, 7L));
        RecordBytes<? extends Record> codec = codec(nested);
        assertThat(codec.read(MemorySegment.ofArray(codec.write(made)))).isEqualTo(made);
    }

    private static Record make(Class<? extends Record> type, Object... parts) throws ReflectiveOperationException {
        Constructor<?> constructor = type.getDeclaredConstructors()[0];
        constructor.setAccessible(true);
        return (Record) constructor.newInstance(parts);
    }

    private record Crowd(
            long a0,
            long a1,
            long a2,
            long a3,
            long a4,
            long a5,
            long a6,
            long a7,
            long a8,
            long a9,
            long a10,
            long a11,
            long a12,
            long a13,
            long a14,
            long a15,
            long a16,
            long a17,
            long a18,
            long a19,
            long a20,
            long a21,
            long a22,
            long a23,
            long a24,
            long a25,
            long a26,
            long a27,
            long a28,
            long a29,
            long a30,
            long a31,
            long a32,
            long a33,
            long a34,
            long a35,
            long a36,
            long a37,
            long a38,
            long a39,
            long a40,
            long a41,
            long a42,
            long a43,
            long a44,
            long a45,
            long a46,
            long a47,
            long a48,
            long a49,
            long a50,
            long a51,
            long a52,
            long a53,
            long a54,
            long a55,
            long a56,
            long a57,
            long a58,
            long a59,
            long a60,
            long a61,
            long a62,
            long a63,
            long a64,
            long a65,
            long a66,
            long a67,
            long a68,
            long a69,
            long a70,
            long a71,
            long a72,
            long a73,
            long a74,
            long a75,
            long a76,
            long a77,
            long a78,
            long a79,
            long a80,
            long a81,
            long a82,
            long a83,
            long a84,
            long a85,
            long a86,
            long a87,
            long a88,
            long a89,
            long a90,
            long a91,
            long a92,
            long a93,
            long a94,
            long a95,
            long a96,
            long a97,
            long a98,
            long a99,
            long a100,
            long a101,
            long a102,
            long a103,
            long a104,
            long a105,
            long a106,
            long a107,
            long a108,
            long a109,
            long a110,
            long a111,
            long a112,
            long a113,
            long a114,
            long a115,
            long a116,
            long a117,
            long a118,
            long a119,
            long a120,
            long a121,
            long a122,
            long a123,
            long a124,
            long a125,
            long a126) {}

    @Test
    void tooManyComponents() {
        assertThatThrownBy(() -> codec(Crowd.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "record Crowd has too many components: 254 where a long counts two, at most 253 can be; put some into a record of their own");
    }

    @Test
    void severalThreadsBegin() throws InterruptedException {
        RecordBytes<Inner> codec = codec(Inner.class);
        byte[] bytes = codec.write(new Inner((byte) 1, 2));
        List<Inner> seen = Collections.synchronizedList(new ArrayList<>());
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 8; i++) {
            threads.add(Thread.ofPlatform().start(() -> seen.add(codec.read(MemorySegment.ofArray(bytes)))));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(seen).hasSize(8).containsOnly(new Inner((byte) 1, 2));
    }
}
