package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.DayOfWeek;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.Name;
import org.kprobe4j.OnFault;
import org.kprobe4j.PreHandler;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;

/** Strings and records in the keys and values of maps: equal texts are equal keys, and what is read back is what was put. */
class MapTextTest {
    private static final long TEXT = 0xffff_9000_0010_0000L;
    private static final long STRUCT = 0xffff_9000_0012_0000L;
    private static final long NOT_MAPPED = 0xdead_0000_0000_0000L;

    record Key(int pid, @MaxBytes(64) String name) {}

    record Path(@MaxBytes(200) String path, byte kind) {}

    record Full(@MaxBytes(8) String name, byte after) {}

    record Last(int pid, @MaxBytes(8) String name) {}

    record Inner(short low, @MaxBytes(5) String odd, Inet4Address host) {}

    record Value(byte first, Inner inner, @MaxBytes(11) String text, boolean flag) {}

    record Mixed(
            DayOfWeek day,
            Inet6Address host,
            InetAddress either,
            @MaxBytes(65) String path,
            int number) {}

    interface Filename extends KernelStruct {
        @Name("iname")
        String name();
    }

    private static final Key CAPTURED = new Key(7, "captured");

    private final FakeKernel kernel = new FakeKernel();
    private final Handlers handlers = new Handlers().btf(TextTest::btf);

    private <K> KernelMap<K, Long> map(Class<K> key, int bytes) {
        kernel.hash("map", bytes, 8, 16);
        return handlers.map("map", key, Long.class);
    }

    private <V> KernelMap<Long, V> values(Class<V> value, int bytes) {
        kernel.hash("map", 8, bytes, 16);
        return handlers.map("map", Long.class, value);
    }

    private void put(String text) {
        kernel.kernel.put(TEXT, (text + "\0").getBytes(StandardCharsets.UTF_8));
    }

    private Handlers.Hit hit(CompiledProgram program, long... arguments) {
        kernel.rings.clear();
        return Handlers.hit(program, kernel, Handlers.context(Architecture.X86_64, arguments));
    }

    private static byte[] key(int bytes, int pid, String text, int offset) {
        return ByteBuffer.allocate(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, pid)
                .put(offset, text.getBytes(StandardCharsets.UTF_8))
                .array();
    }

    private static List<Byte> boxed(byte[] bytes) {
        return FakeKernel.boxed(bytes);
    }

    @Test
    void texts_of_each_kind_are_keys() {
        var map = map(Key.class, 72);
        kernel.comm = "bash";
        var program = handlers.pre((p, regs) -> {
            map.add(new Key(1, Kernel.string(regs.arg(0), 64)), 1);
            map.add(new Key(2, Kernel.comm()), 1);
            map.add(new Key(3, "constant"), 1);
            map.add(CAPTURED, 1);
            return 0;
        });
        for (String text : List.of("a text that is somewhat longer", "short", "", "a", "short")) {
            put(text);
            assertThat(hit(program, TEXT).faults()).isEmpty();
        }
        assertThat(kernel.entries("map").keySet())
                .containsExactlyInAnyOrder(
                        boxed(key(72, 1, "a text that is somewhat longer", 8)),
                        boxed(key(72, 1, "short", 8)),
                        boxed(key(72, 1, "", 8)),
                        boxed(key(72, 1, "a", 8)),
                        boxed(key(72, 2, "bash", 8)),
                        boxed(key(72, 3, "constant", 8)),
                        boxed(key(72, 7, "captured", 8)));
        assertThat(kernel.entries("map").get(boxed(key(72, 1, "short", 8)))).startsWith(2);
    }

    @Test
    void one_room_serves_several_texts_of_a_hit() {
        var map = map(Key.class, 72);
        put("a long text to begin with");
        kernel.kernel.put(STRUCT, "b\0".getBytes(StandardCharsets.UTF_8));
        var program = handlers.pre((p, regs) -> {
            map.put(new Key(1, Kernel.string(regs.arg(0), 64)), 1L);
            map.put(new Key(1, Kernel.string(regs.arg(1), 64)), 2L);
            return map.containsKey(new Key(1, "b")) && !map.containsKey(new Key(1, "c"))
                    ? 0
                    : map.get(CAPTURED).intValue();
        });
        assertThat(hit(program, TEXT, STRUCT).faults()).isEmpty();
        assertThat(kernel.entries("map").keySet())
                .containsExactlyInAnyOrder(
                        boxed(key(72, 1, "a long text to begin with", 8)), boxed(key(72, 1, "b", 8)));
    }

    @Test
    void large_keys_are_in_scratch_memory() {
        kernel.hash("map", 208, 208, 16);
        var map = handlers.map("map", Path.class, Path.class);
        var program = handlers.pre((p, regs) -> {
            var path = new Path(Kernel.string(regs.arg(0), 200), (byte) regs.arg(1));
            for (int i = 0; i < 3; i++) {
                map.put(path, new Path(Kernel.string(regs.arg(0), 100), (byte) i));
            }
            Path found = map.get(path);
            Kernel.printf("%d %b", found.kind(), map.remove(new Path("gone", (byte) 1)));
            return 0;
        });
        String longText = "/x".repeat(80);
        for (String text : List.of(longText, "/", longText)) {
            put(text);
            assertThat(hit(program, TEXT, 5).lines()).containsExactly("2 false");
        }
        byte[] first = key(208, 0, longText, 0);
        first[200] = 5;
        byte[] cut = key(208, 0, longText.substring(0, 99), 0);
        cut[200] = 2;
        assertThat(kernel.entries("map")).hasSize(2);
        assertThat(kernel.entries("map").get(boxed(first))).containsExactly(cut);
    }

    @Test
    void an_array_without_nul_fills_its_component() {
        var map = map(Full.class, 16);
        kernel.hash("last", 16, 8, 16);
        var last = handlers.map("last", Last.class, Long.class);
        var program = handlers.pre((p, regs) -> {
            var filename = Kernel.struct(regs.arg(0), Filename.class);
            map.add(new Full(filename.name(), (byte) 9), 1);
            last.add(new Last(3, filename.name()), 1);
            return 0;
        });
        var struct = new byte[40];
        Arrays.fill(struct, 16, 24, (byte) 'x');
        kernel.kernel.put(STRUCT, struct);
        hit(program, STRUCT);
        struct[18] = 0;
        hit(program, STRUCT);
        struct[22] = 'y';
        assertThat(hit(program, STRUCT).faults()).isEmpty();
        byte[] full = key(16, 0, "xxxxxxxx", 0);
        full[8] = 9;
        byte[] two = key(16, 0, "xx", 0);
        two[8] = 9;
        assertThat(kernel.entries("map").keySet()).containsExactlyInAnyOrder(boxed(full), boxed(two));
        assertThat(kernel.entries("last").keySet())
                .containsExactlyInAnyOrder(boxed(key(16, 3, "xxxxxxxx", 8)), boxed(key(16, 3, "xx", 8)));
    }

    @Test
    void a_text_that_cannot_be_read_stops_the_handler() {
        kernel.hash("map", 208, 208, 16).cells("after", 1);
        var map = handlers.map("map", Path.class, Path.class);
        var after = handlers.counter("after");
        var program = handlers.pre((p, regs) -> {
            map.put(new Path("key", (byte) 0), new Path(Kernel.string(regs.arg(0), 200), (byte) 1));
            after.increment();
            return 0;
        });
        assertThat(hit(program, NOT_MAPPED).faults())
                .containsExactly("read of a string at an address that is not mapped");
        assertThat(kernel.entries("map")).isEmpty();
        assertThat(kernel.cell("after", 0)).isZero();
    }

    @Test
    void records_in_records_are_read_back() throws Exception {
        var map = values(Value.class, 40);
        kernel.hash("copies", 8, 40, 16);
        var copies = handlers.map("copies", Long.class, Value.class);
        var host = (Inet4Address) InetAddress.getByName("10.1.2.3");
        var program = handlers.pre((p, regs) -> {
            Value known = map.get(regs.arg(0));
            if (known == null) {
                map.put(
                        regs.arg(0),
                        new Value(
                                (byte) 1, new Inner((short) -2, "abcde", host), Kernel.string(regs.arg(1), 11), true));
                return 0;
            }
            Kernel.printf(
                    "%d %d %s %s %s %b",
                    known.first(),
                    known.inner().low(),
                    known.inner().odd(),
                    known.inner().host(),
                    known.text(),
                    known.flag());
            copies.put(1L, known);
            return 0;
        });
        put("0123456789");
        assertThat(hit(program, 1, TEXT).lines()).isEmpty();
        assertThat(hit(program, 1, TEXT).lines()).containsExactly("1 -2 abcde 10.1.2.3 0123456789 true");
        byte[] key =
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(1).array();
        assertThat(kernel.entries("copies").get(boxed(key)))
                .containsExactly(kernel.entries("map").get(boxed(key)));
    }

    private static int kind(String s) {
        return switch (s) {
            case "read" -> 1;
            case "Aa", "BB" -> 2;
            case "" -> 3;
            case "longer than it can be" -> 4;
            default -> s.startsWith("re") ? 5 : s.endsWith("te") ? 6 : s.contains("i") ? 7 : 8;
        };
    }

    record Named(@MaxBytes(11) String name) {}

    @Test
    void texts_of_a_map_are_asked_what_others_are() {
        var map = values(Named.class, 16);
        var program = handlers.pre((p, regs) -> {
            map.put(1L, new Named(Kernel.string(regs.arg(0), 11)));
            String s = map.get(1L).name();
            String same = map.get(1L).name();
            Kernel.printf(
                    "%d %b %b %b %b %b %b %b %d %s",
                    kind(s),
                    s.equals("write"),
                    "write".equals(s),
                    s.equals(same),
                    s.equals(Kernel.string(regs.arg(0))),
                    Kernel.string(regs.arg(0)).equals(s),
                    s.isEmpty(),
                    s.startsWith("writes and"),
                    Kernel.byteLength(s),
                    s);
            return 0;
        });
        for (String s :
                List.of("read", "reads", "Aa", "BB", "", "write", "him", "other", "0123456789", "write\u00e4")) {
            put(s);
            assertThat(hit(program, TEXT).lines())
                    .as(s)
                    .containsExactly("%d %b %b true true true %b false %d %s"
                            .formatted(
                                    kind(s),
                                    s.equals("write"),
                                    s.equals("write"),
                                    s.isEmpty(),
                                    s.getBytes(StandardCharsets.UTF_8).length,
                                    s));
        }
    }

    @Test
    void texts_of_a_map_go_into_keys_and_join() {
        var map = values(Named.class, 16);
        kernel.hash("keys", 72, 8, 16);
        var keys = handlers.map("keys", Key.class, Long.class);
        var program = handlers.pre((p, regs) -> {
            Named named = map.get(regs.arg(0));
            String name = named == null ? "none" : named.name();
            keys.add(new Key(1, name), 1);
            map.put(1L, new Named("someone"));
            return name.equals("none") ? 1 : 0;
        });
        hit(program, 1);
        assertThat(hit(program, 1).faults()).isEmpty();
        assertThat(kernel.entries("keys").keySet())
                .containsExactlyInAnyOrder(boxed(key(72, 1, "none", 8)), boxed(key(72, 1, "someone", 8)));
    }

    @Test
    void what_is_not_read_may_be_there() throws Exception {
        var map = values(Mixed.class, 120);
        var host = (Inet6Address) InetAddress.getByName("2001:db8::1");
        var program = handlers.pre((p, regs) -> {
            Mixed known = map.getOrDefault(1L, new Mixed(DayOfWeek.FRIDAY, host, host, "/", 3));
            map.put(1L, new Mixed(DayOfWeek.MONDAY, host, null, Kernel.string(regs.arg(0), 65), known.number() + 1));
            Kernel.printf("%d", known.number());
            return 0;
        });
        put("/etc");
        hit(program, TEXT);
        assertThat(hit(program, TEXT).lines()).containsExactly("4");
    }

    @Test
    void refusals() {
        var map = values(Mixed.class, 120);
        Refusals.refused(
                handlers,
                (p, regs) -> map.get(1L).day() == DayOfWeek.MONDAY ? 1 : 0,
                "0: the component day is a constant of DayOfWeek that a handler cannot read from a map; declare it as int, and compare numbers");
        PreHandler addresses = (p, regs) -> {
            Mixed known = map.get(1L);
            if (known != null) {
                Kernel.printf("%s", known.host());
                Kernel.printf("%s", known.either());
                Kernel.printf("%s", known.path());
            }
            return 0;
        };
        Refusals.refused(
                handlers,
                addresses,
                "2: the component host is an Inet6Address that a handler cannot read from a map; declare it as Inet4Address or as two longs",
                "3: the component either is an InetAddress that a handler cannot read from a map; declare it as Inet4Address or as two longs",
                "4: the component path has 65 bytes, and a handler reads strings of at most 64 from a map; declare @MaxBytes(64) String path, or read it outside");
        PreHandler joined = (p, regs) -> {
            String s = regs.arg(0) == 0 ? Kernel.comm() : Kernel.string(regs.arg(0));
            return s.isEmpty() ? 1 : 0;
        };
        assertThat(Refusals.message(() -> handlers.pre(joined)))
                .endsWith(
                        ": a variable cannot hold one kind of string on one path and another on another, each being read in its own way: of the kernel, of user memory, of a length of its own, Kernel.comm(), a map's, a constant; use one variable for each, or compare and send it in each branch");
    }

    // ---- texts that cannot be read ----

    record Event(int before, @MaxBytes(20) String text, long after) {}

    @Name("filename")
    interface Faulty extends KernelStruct {
        @OnFault
        String name();

        @OnFault
        String iname();

        @Name("iname")
        @OnFault(1)
        String wrong();
    }

    private static final String USER_FAULT = "read of a string in user memory that is not present";
    private static final String FAULT = "read of a string at an address that is not mapped";

    @Test
    void a_text_that_may_be_empty() {
        var map = map(Key.class, 72);
        var ring = handlers.ring("ring", Event.class);
        PreHandler handler = (p, regs) -> {
            String path = Kernel.userStringOrEmpty(regs.arg(0));
            Kernel.printf(
                    "[%s] %b %b %b %b %b %d %b %d",
                    path,
                    path.equals("x"),
                    path.isEmpty(),
                    path.startsWith(""),
                    "".equals(path),
                    path.endsWith("x"),
                    Kernel.byteLength(path),
                    path == null,
                    kind(path));
            map.add(new Key(1, Kernel.userStringOrEmpty(regs.arg(0), 64)), 1);
            ring.emit(new Event(1, Kernel.userStringOrEmpty(regs.arg(0), 20), 2));
            return 0;
        };
        var program = handlers.pre(handler);
        for (long address : new long[] {NOT_MAPPED, 0}) {
            var hit = hit(program, address);
            assertThat(hit.lines()).containsExactly("[] false true true true false 0 false 3");
            assertThat(hit.faults()).containsOnly(USER_FAULT);
            assertThat(kernel.entries("map")).containsOnlyKeys(boxed(key(72, 1, "", 8)));
            assertThat(kernel.rings.get("ring")).hasSize(1);
        }
        kernel.user.put(0x1000L, "x\0".getBytes(StandardCharsets.UTF_8));
        var hit = hit(program, 0x1000);
        assertThat(hit.faults()).isEmpty();
        assertThat(hit.lines()).containsExactly("[x] true false true false true 1 false 8");
    }

    @Test
    void a_text_of_the_kernel_that_may_be_empty() {
        var ring = handlers.ring("ring", Event.class);
        PreHandler handler = (p, regs) -> {
            String path = Kernel.stringOrEmpty(regs.arg(0));
            Kernel.printf("[%s] %b %d", path, path.isEmpty(), Kernel.byteLength(path));
            ring.emit(new Event(1, Kernel.stringOrEmpty(regs.arg(0), 20), 2));
            return 0;
        };
        var program = handlers.pre(handler);
        for (long address : new long[] {NOT_MAPPED, 0}) {
            var hit = hit(program, address);
            assertThat(hit.lines()).containsExactly("[] true 0");
            assertThat(hit.faults()).containsOnly(FAULT);
            assertThat(kernel.rings.get("ring")).hasSize(1);
        }
        kernel.kernel.put(0x1000L, "x\0".getBytes(StandardCharsets.UTF_8));
        var hit = hit(program, 0x1000);
        assertThat(hit.faults()).isEmpty();
        assertThat(hit.lines()).containsExactly("[x] false 1");
    }

    @Test
    void fields_that_may_be_empty() {
        PreHandler handler = (p, regs) -> {
            var f = Kernel.struct(regs.arg(0), Faulty.class);
            Kernel.printf("[%s] [%s] %b", f.name(), f.iname(), f.iname().equals("tail"));
            return 0;
        };
        var program = handlers.pre(handler);
        var hit = hit(program, NOT_MAPPED);
        assertThat(hit.lines()).containsExactly("[] [] false");
        assertThat(hit.faults()).containsExactly(FAULT);
        assertThat(hit.count(Account.FAULTS)).isEqualTo(3);
        var struct = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 0);
        struct.put(16, "tail".getBytes(StandardCharsets.UTF_8));
        kernel.kernel.put(STRUCT, struct.array());
        var second = hit(program, STRUCT);
        assertThat(second.lines()).containsExactly("[] [tail] true");
        assertThat(second.count(Account.FAULTS)).isEqualTo(1);
        Refusals.refused(
                handlers,
                (p, regs) -> Kernel.struct(regs.arg(0), Faulty.class).wrong().isEmpty() ? 1 : 0,
                "0: MapTextTest.Faulty.wrong: the field iname is a text, which is empty where it cannot be read; write @OnFault without a value");
    }

    // ---- switches and captured strings ----

    @SuppressWarnings("fallthrough")
    private static int flags(String s) {
        int flags = 0;
        switch (s) {
            case "":
                flags |= 1;
            case "a":
            case "bash":
                flags |= 2;
                break;
            default:
                flags |= 4;
            case "Aa":
                flags |= 8;
            case "BB":
                flags |= 16;
        }
        return flags;
    }

    @Test
    void switches_fall_through_for_strings_of_each_kind() {
        var map = values(Named.class, 16);
        var program = handlers.pre((p, regs) -> {
            if (Kernel.comm().isEmpty()) {
                map.put(1L, new Named(""));
            } else {
                map.put(1L, new Named("BB"));
            }
            Kernel.printf(
                    "%d %d %d %d",
                    flags(Kernel.comm()),
                    flags(Kernel.string(regs.arg(0))),
                    flags(Kernel.userStringOrEmpty(regs.arg(0))),
                    flags(map.get(1L).name()));
            return 0;
        });
        for (String s : List.of("", "a", "bash", "Aa", "BB", "C#", "other")) {
            put(s);
            kernel.comm = s;
            assertThat(hit(program, TEXT).lines())
                    .as(s)
                    .containsExactly(
                            "%d %d %d %d".formatted(flags(s), flags(s), flags(""), flags(s.isEmpty() ? "" : "BB")));
        }
    }

    @Test
    void captured_strings() {
        String captured = "bash".repeat(1);
        String longer = "a name that no comm can have";
        String none = null;
        PreHandler handler = (p, regs) -> {
            String s = Kernel.string(regs.arg(0));
            Kernel.printf(
                    "%b %b %b %b %b %b %b",
                    captured.equals(s),
                    s.equals(captured),
                    captured.equals(Kernel.comm()),
                    Kernel.comm().startsWith(captured),
                    longer.equals(Kernel.comm()),
                    s.equals(longer),
                    s.equals(none));
            return 0;
        };
        var program = handlers.pre(handler);
        for (String s : List.of("", "bash", "bas", "bash1", longer)) {
            put(s);
            String comm = s.substring(0, Math.min(15, s.length()));
            kernel.comm = comm;
            assertThat(hit(program, TEXT).lines())
                    .containsExactly("%b %b %b %b false %b false"
                            .formatted(
                                    s.equals(captured),
                                    s.equals(captured),
                                    comm.equals(captured),
                                    comm.startsWith(captured),
                                    s.equals(longer)));
        }
    }
}
