package org.kprobe4j.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Shows where the instructions go, in a guest: {@code DisassembleMain ROOT CASE…} plants the probes of the cases, and bpftool tells
 * what the kernel holds of their programs.
 */
public final class DisassembleMain {
    private static final Pattern PROGRAM = Pattern.compile("(?m)^(\\d+): .*$");
    private static final Pattern INSTRUCTION = Pattern.compile("(?m)^ +[0-9a-f]+:\\s");

    private final PeerRun tools;

    private DisassembleMain(PeerRun tools) {
        this.tools = tools;
    }

    /**
     * Shows the programs.
     *
     * @param args see above
     * @throws IOException if bpftool cannot be run
     * @throws InterruptedException never
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        // Else the kernel keeps its machine code to itself.
        Files.writeString(Path.of("/proc/sys/net/core/bpf_jit_harden"), "0");
        Files.writeString(Path.of("/proc/sys/kernel/kptr_restrict"), "0");
        List<String> names = List.of(args).subList(1, args.length);
        var main = new DisassembleMain(PeerRun.in(Path.of(args[0])));
        for (Case one : Case.table()) {
            if (names.isEmpty() || names.contains(one.name())) {
                try (SeekLoop loop = SeekLoop.prepare(1, 1)) {
                    one.body().run(new Hits(loop, () -> main.show(one)));
                }
            }
        }
    }

    private void show(Case one) throws IOException, InterruptedException {
        System.out.println("==== " + one.name() + ": " + one.work());
        Matcher program = PROGRAM.matcher(bpftool("prog", "show"));
        while (program.find()) {
            String number = program.group(1);
            String translated = bpftool("prog", "dump", "xlated", "id", number);
            String machine = bpftool("prog", "dump", "jited", "id", number);
            System.out.println("---- " + program.group());
            System.out.println(translated);
            System.out.println("---- %d machine instructions"
                    .formatted(INSTRUCTION.matcher(machine).results().count()));
            System.out.println(machine);
        }
    }

    private String bpftool(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("bpftool"));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(tools.command(command))
                .redirectErrorStream(true)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return text.stripTrailing();
    }
}
