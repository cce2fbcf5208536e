package org.kprobe4j.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Shows where the instructions go, in a guest: {@code DisassembleMain ROOT CASE…} plants the probes of the cases, and bpftool tells what the kernel
 * holds of their programs, objdump what its JIT made of them.
 */
public final class DisassembleMain {
    private static final Pattern PROGRAM = Pattern.compile("(?m)^(\\d+): .*$");
    private static final Pattern INSTRUCTION = Pattern.compile("(?m)^ +[0-9a-f]+:\\s");

    /** In the tools' root directory. */
    private static final String CODE = "/tmp/code";

    private final Path root;
    private final PeerRun tools;

    private DisassembleMain(Path root, PeerRun tools) {
        this.root = root;
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
        Path root = Path.of(args[0]);
        var main = new DisassembleMain(root, PeerRun.in(root));
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
        Matcher program = PROGRAM.matcher(run("bpftool", "prog", "show"));
        while (program.find()) {
            String number = program.group(1);
            String translated = run("bpftool", "prog", "dump", "xlated", "id", number);
            String machine = machineCode(Integer.parseInt(number));
            System.out.println("---- " + program.group());
            System.out.println(translated);
            System.out.println("---- %d machine instructions"
                    .formatted(INSTRUCTION.matcher(machine).results().count()));
            System.out.println(machine);
        }
    }

    /** As objdump reads it; addresses count from the program's first byte. */
    private String machineCode(int program) throws IOException, InterruptedException {
        Files.write(root.resolve(CODE.substring(1)), MachineCode.of(program));
        String text = run("objdump", "-D", "-b", "binary", "-m", "i386:x86-64", CODE);
        return text.substring(text.indexOf("<.data>:") + "<.data>:".length()).stripLeading();
    }

    private String run(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(tools.command(List.of(words)))
                .redirectErrorStream(true)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("%s: %s".formatted(String.join(" ", words), text.strip()));
        }
        return text.stripTrailing();
    }
}
