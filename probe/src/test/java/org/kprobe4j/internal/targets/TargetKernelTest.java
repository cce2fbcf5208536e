package org.kprobe4j.internal.targets;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.KernelFunctions;
import org.kprobe4j.Requires;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.FunctionIndex;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.bpf.symbols.TraceableFunctions;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.internal.Machine;

/** Targets on the running kernel, compared with what its files say when they are read the plain way. */
@Tag("kernel")
class TargetKernelTest {
    private static final Path FILTER = Path.of("/sys/kernel/tracing/available_filter_functions");

    /** Since kernel: 6.5. */
    private static final Path FILTER_ADDRESSES = Path.of("/sys/kernel/tracing/available_filter_functions_addrs");

    record Line(long address, boolean text, String name, String module) {}

    private static List<Line> lines;
    private static Set<String> traceable;
    private static Set<String> forbidden;
    private final TargetResolver resolver = TargetResolver.running();

    @BeforeAll
    static void readPlainly() throws IOException {
        try (Stream<String> all = Files.lines(Path.of("/proc/kallsyms"))) {
            lines = all.map(TargetKernelTest::line).toList();
        }
        try (Stream<String> all = Files.lines(FILTER)) {
            traceable = all.map(line -> line.split(" ", 2)[0]).collect(Collectors.toSet());
        }
        try (Stream<String> all = Files.lines(Path.of("/sys/kernel/debug/kprobes/blacklist"))) {
            forbidden = all.map(line -> line.split("\t", 2)[1]).collect(Collectors.toSet());
        }
    }

    private static Line line(String text) {
        String[] fields = text.split("[ \t]+", 4);
        return new Line(
                Long.parseUnsignedLong(fields[0], 16),
                "tTwW".contains(fields[1]),
                fields[2],
                fields.length == 4 ? fields[3] : "");
    }

    private Resolution timed(String target) {
        long start = System.nanoTime();
        Resolution resolution = resolver.resolve(target);
        System.out.printf("%s: %d ms, %s%n", target, (System.nanoTime() - start) / 1_000_000, resolution.summary());
        return resolution;
    }

    private static Set<String> names(List<Place> places) {
        return places.stream().map(place -> place.function().name()).collect(Collectors.toSet());
    }

    /** Names of the kernel's own functions that ftrace knows, but for parts and what is forbidden. */
    private static Set<String> expected(Predicate<String> wanted) {
        return lines.stream()
                .filter(line -> line.text() && line.module().isEmpty())
                .map(Line::name)
                .filter(name -> wanted.test(name) && traceable.contains(name) && !forbidden.contains(name))
                .filter(name -> !name.contains(".part.") && !name.contains(".cold"))
                .collect(Collectors.toSet());
    }

    @Test
    void patternsNameWhatTheKernelsFilesSay() {
        Resolution vfs = timed("vmlinux:vfs_*");
        assertThat(names(vfs.places()))
                .contains("vfs_read", "vfs_write")
                .containsAll(expected(name -> name.startsWith("vfs_")));
        long[] addresses = vfs.places().stream().mapToLong(Place::address).toArray();
        List<Symbol> symbols = Kallsyms.running().symbolize(addresses);
        for (int i = 0; i < addresses.length; i++) {
            assertThat(symbols.get(i).offset()).isZero();
            assertThat(vfs.places().get(i).function().name()).startsWith("vfs_");
            assertThat(vfs.places().get(i).function().sizeBytes())
                    .isEqualTo(symbols.get(i).sizeBytes());
        }
        assertThat(addresses).isSorted().doesNotHaveDuplicates();
        Resolution tcp = timed("vmlinux:tcp_*,!tcp_v6_*");
        assertThat(names(tcp.places()))
                .contains("tcp_sendmsg")
                .containsAll(expected(name -> name.startsWith("tcp_") && !name.startsWith("tcp_v6_")))
                .noneMatch(name -> name.startsWith("tcp_v6_"));
    }

    @Test
    void oneFunctionIsOnePlace() {
        Resolution read = null;
        for (int i = 0; i < 5; i++) {
            read = timed("vfs_read");
        }
        assertThat(read).isNotNull();
        assertThat(read.places()).hasSize(1);
        assertThat(resolver.prototype(read.places().getFirst()).orElseThrow())
                .contains("vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)");
    }

    @Test
    void systemCallsAliasesAreOnePlace() {
        Requires.x86();
        for (String name : List.of("__x64_sys_getppid", "__ia32_sys_getppid", "__do_sys_getppid")) {
            List<Place> places = timed(name).places();
            assertThat(places).hasSize(1);
            assertThat(places.getFirst().function().name()).isEqualTo("__do_sys_getppid");
            assertThat(places.getFirst().function().aliases())
                    .containsExactlyInAnyOrder("__x64_sys_getppid", "__ia32_sys_getppid");
        }
    }

    @Test
    void allNamesOfASystemCallAreOnePlace() {
        Requires.x86();
        for (String target : List.of("*_sys_getppid", "/_sys_getppid$/", "__x64_sys_getppid,__ia32_sys_getppid")) {
            List<Place> places = timed(target).places();
            assertThat(places).as(target).hasSize(1);
            assertThat(places.getFirst().function().aliases()).hasSize(2);
        }
    }

    @Test
    void existingFunctionsAreTheSameWithAndWithoutTheIndex() {
        Set<String> asked = Set.of("vfs_read", "vfs_write", "no_such_function", "jiffies_64_no", "vfs_rea");
        Set<String> scanned = KernelFunctions.existing(asked);
        TargetResolver.readAhead();
        assertThat(resolver.resolve("vfs_read").places()).hasSize(1);
        assertThat(FunctionFiles.running().isRead()).isTrue();
        assertThat(KernelFunctions.existing(asked))
                .isEqualTo(scanned)
                .containsExactlyInAnyOrder("vfs_read", "vfs_write");
        assertThat(KernelFunctions.first("no_such_function", "vfs_read", "vfs_write"))
                .isEqualTo("vfs_read");
        assertThat(KernelFunctions.matching("vfs_rea?")).contains("vfs_read").doesNotHaveDuplicates();
    }

    /** Allocated by all threads, the one that reads the kernel's files included. */
    private static long allocatedBy(Runnable work) {
        long before = allocated();
        work.run();
        return allocated() - before;
    }

    /** The tests' module does not read java.management. */
    private static long allocated() {
        try {
            Object threads = Class.forName("java.lang.management.ManagementFactory")
                    .getMethod("getThreadMXBean")
                    .invoke(null);
            return (long) Class.forName("com.sun.management.ThreadMXBean")
                    .getMethod("getTotalThreadAllocatedBytes")
                    .invoke(threads);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theKernelsSymbolsAndTypesAreNoObjects() {
        // What is loaded once does not count, and what is read is read anew.
        TargetResolver first = TargetResolver.of(FunctionFiles.under(Path.of("/")), KernelTypes.running());
        Place read = first.resolve("vfs_read").places().getFirst();
        assertThat(first.prototype(read)).isPresent();
        assertThat(allocatedBy(() -> {
                    var files = FunctionFiles.under(Path.of("/"));
                    assertThat(TargetResolver.of(files, KernelTypes.running())
                                    .resolve("vfs_read")
                                    .places())
                            .hasSize(1);
                }))
                .as(
                        "a first look-up: the functions' names and two words for each, twice while they are sorted; kallsyms has 4 to 9 MB")
                .isLessThan(9_000_000);
        assertThat(allocatedBy(() -> first.resolve("vfs_write")))
                .as("a second look-up")
                .isLessThan(300_000);
        assertThat(allocatedBy(() -> first.resolve("vfs_*")))
                .as("a pattern of some hundred functions")
                .isLessThan(1_500_000);
        assertThat(allocatedBy(() -> first.resolve("*"))).as("all functions").isLessThan(60_000_000);
        ByteBuffer types = vmlinux();
        assertThat(allocatedBy(
                        () -> assertThat(Btf.parse(types).function("vfs_read")).isPresent()))
                .as("a function's type; vmlinux has 3 to 6 MB")
                .isLessThan(2_500_000);
    }

    private static ByteBuffer vmlinux() {
        try {
            byte[] bytes = Files.readAllBytes(Path.of("/sys/kernel/btf/vmlinux"));
            return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Names without addresses, followed beside the kernel's symbols, tell the same as the list with addresses. */
    @Test
    void ftracesListIsFollowedRightly() throws IOException {
        FunctionIndex index = FunctionFiles.running().functions(true);
        TraceableFunctions list = FunctionFiles.running().traceable(index).orElseThrow();
        var wrong = new ArrayList<String>();
        long listedLines = 0;
        if (Files.exists(FILTER_ADDRESSES)) {
            for (String line : Files.readAllLines(FILTER_ADDRESSES)) {
                String[] fields = line.split(" ", 3);
                if (fields[1].startsWith("__ftrace_invalid")) {
                    continue;
                }
                listedLines++;
                long address = Long.parseUnsignedLong(fields[0], 16);
                int at = index.firstFrom(address + 1) - 1;
                int entry = at;
                while (entry > 0 && index.address(entry - 1) == index.address(at)) {
                    entry--;
                }
                boolean listed = false;
                for (; entry <= at; entry++) {
                    listed |= list.isListed(entry) || list.isUnknown(entry);
                }
                if (!listed) {
                    wrong.add(line);
                }
            }
            assertThat(list.size()).isEqualTo((int) listedLines);
        }
        System.out.println(index + ", traceable: " + list.size() + ", with addresses: " + listedLines);
        assertThat(wrong).isEmpty();
        assertThat(list.size()).isGreaterThan(30_000);
    }

    @Test
    void functionsOfOneNameAreToldApart() {
        Map<String, List<Line>> byName = new TreeMap<>();
        for (Line line : lines) {
            if (line.text()
                    && line.module().isEmpty()
                    && traceable.contains(line.name())
                    && !line.name().contains(".")) {
                byName.computeIfAbsent(line.name(), _ -> new ArrayList<>()).add(line);
            }
        }
        List<Line> same = byName.values().stream()
                .filter(all -> all.stream().mapToLong(Line::address).distinct().count() == all.size() && all.size() > 1)
                .findFirst()
                .orElseThrow();
        Resolution resolution = timed("vmlinux:" + same.getFirst().name());
        List<Place> places = resolution.places();
        assertThat(places.size() + resolution.leftOut().size()).isGreaterThanOrEqualTo(same.size());
        assertThat(places).isNotEmpty().allSatisfy(place -> {
            assertThat(same).extracting(Line::address).contains(place.address());
            assertThat(place.function().sameName()).isNotNull();
            assertThat(place.function().sameName().of()).isEqualTo(same.size());
            assertThat(place.function().sameName().before()).isNotNull();
        });
        System.out.println(places);
    }

    @Test
    void functionsByTypeAreThoseOfBtf() {
        Btf btf = Machine.btf().orElseThrow();
        Set<String> taking = IntStream.range(1, btf.endId())
                .mapToObj(btf::type)
                .filter(type -> type instanceof BtfType.Function function && takesFile(btf, function))
                .map(BtfType::name)
                .collect(Collectors.toSet());
        Resolution resolution = timed("vmlinux:*(struct file *)");
        Set<String> stems = resolution.places().stream()
                .flatMap(
                        place -> Stream.concat(Stream.of(place.function().name()), place.function().aliases().stream()))
                .map(name -> name.replaceFirst("\\..*", ""))
                .collect(Collectors.toSet());
        Set<String> expected = expected(taking::contains);
        System.out.println(taking.size() + " functions of BTF take a struct file *, expected " + expected.size());
        assertThat(expected).hasSizeGreaterThan(500);
        assertThat(stems).containsAll(expected);
        assertThat(names(resolution.places())).allMatch(name -> taking.contains(name.replaceFirst("\\..*", "")));
    }

    private static boolean takesFile(Btf btf, BtfType.Function function) {
        return btf.prototype(function).params().stream()
                .anyMatch(param -> btf.resolve(param.type()) instanceof BtfType.Pointer pointer
                        && btf.resolve(pointer.target()) instanceof BtfType.Struct struct
                        && struct.name().equals("file"));
    }

    /** The kernel is asked itself: it takes what is a place, and refuses what is left out. */
    @Test
    void theKernelAgrees() {
        Resolution all = timed("vmlinux:*");
        List<Place> places = all.places();
        var wrong = new HashSet<String>();
        for (int i = 0; i < places.size(); i += places.size() / 15) {
            if (!takes(places.get(i).address())) {
                wrong.add("refused: " + places.get(i));
            }
        }
        for (LeftOut.Reason reason : LeftOut.Reason.values()) {
            // A part can be probed; it is left out because the pattern does not mean it.
            List<LeftOut> left = all.leftOut().stream()
                    .filter(one -> one.reason() == reason && reason != LeftOut.Reason.PART)
                    .toList();
            for (int i = 0; i < left.size(); i += Math.max(1, left.size() / 4)) {
                if (takes(left.get(i).address())) {
                    wrong.add("taken: " + left.get(i));
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static boolean takes(long address) {
        try (PerfProbe probe = PerfProbe.openKprobe(null, address, false)) {
            return probe.fd() >= 0;
        } catch (AttachException e) {
            return false;
        }
    }

    @Test
    void nearestNames() {
        assertThat(timed("vfs_raed").unmatched().getFirst().reason()).startsWith("no such function; nearest: vfs_read");
        assertThat(timed("no_such_module:x").unmatched().getFirst().reason())
                .isEqualTo("the module no_such_module is not loaded; modprobe no_such_module");
        assertThat(timed("(struct fiel *)").unmatched().getFirst().reason()).contains("nearest: struct file");
    }
}
