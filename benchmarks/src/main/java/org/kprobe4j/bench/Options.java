package org.kprobe4j.bench;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is asked for.
 *
 * @param row the kernel
 * @param peers whether other tools are measured, too
 * @param disassemble whether the programs are shown instead of measured
 * @param names the cases; empty for all
 */
record Options(String row, boolean peers, boolean disassemble, List<String> names) {
    static final String EXAMPLES = "examples";
    static final String ATTACH = "attach";
    static final String START = "start";

    static final String USAGE =
            """
            usage: ./bench [--row KERNEL] [--no-peers] [--disassemble] [CASE...]

              --row KERNEL    the kernel, 6.12 if it is not said
              --no-peers      without bpftrace and perf (they are downloaded on first use, 180 MB)
              --disassemble   shows the cases' programs instead: eBPF, and the machine code that the kernel made of it
                              (bpftool and binutils are downloaded on first use, 30 MB)

            Cases: %s,
            examples, attach, start. What is measured in full and with the peers goes into docs/bench.md, too.""".formatted(Case.table().stream().map(Case::name).collect(Collectors.joining(", ")));

    /** Keeps its own copy of the list. */
    Options {
        names = List.copyOf(names);
    }

    /** Wrong use. */
    static final class UsageException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    static Options of(String... args) {
        String row = "6.12";
        boolean peers = true;
        boolean disassemble = false;
        List<String> names = new ArrayList<>();
        Deque<String> words = new ArrayDeque<>(Arrays.asList(args));
        while (!words.isEmpty()) {
            String word = words.remove();
            switch (word) {
                case "--row" -> {
                    if (words.isEmpty()) {
                        throw new UsageException("--row needs a kernel");
                    }
                    row = words.remove();
                }
                case "--no-peers" -> peers = false;
                case "--disassemble" -> disassemble = true;
                default -> names.add(known(word));
            }
        }
        return new Options(row, peers, disassemble, names);
    }

    private static String known(String name) {
        if (name.startsWith("-")) {
            throw new UsageException("unknown option " + name);
        }
        List<String> all = all();
        if (!all.contains(name)) {
            throw new UsageException("no case '%s'; there are %s".formatted(name, String.join(", ", all)));
        }
        return name;
    }

    private static List<String> all() {
        return Stream.concat(Case.table().stream().map(Case::name), Stream.of(EXAMPLES, ATTACH, START))
                .toList();
    }

    boolean wants(String name) {
        return names.isEmpty() || names.contains(name);
    }

    /** The cases whose hits are measured, and the examples. */
    List<String> hitCases() {
        return all().stream()
                .filter(name -> !name.equals(ATTACH) && !name.equals(START))
                .filter(this::wants)
                .toList();
    }

    /** Whether every case is measured, and compared. */
    boolean allHits() {
        return peers && hitCases().equals(of().hitCases());
    }

    /** Whether everything is measured. */
    boolean whole() {
        return names.isEmpty() && peers && !disassemble && row.equals("6.12");
    }
}
