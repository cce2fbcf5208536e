package org.kprobe4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.kprobe4j.cli.list.ListMain;
import org.kprobe4j.cli.list.ListMain.Form;
import org.kprobe4j.cli.list.ListMain.Kind;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kprobe list}: functions, structs and enums of a kernel, this machine's or one in a VM. */
@Command(
        name = "list",
        description = {
            "Lists the kernel's functions by their C prototypes, and says of each that cannot be probed why not.",
            "With -s it shows a struct or union with the offset and size of each member and what lies between them, with -e an enum. "
                    + "Names may be patterns: structs are then listed by name and size."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {
            "kprobe list [--vm[=VERSION]] [--no-vm] [--json | --names] [--probeable] [TARGET...]",
            "kprobe list [--vm[=VERSION]] [--no-vm] [--json | --names] (-s | -e) [NAME...]"
        },
        footerHeading = "%nExit status:%n",
        footer = {
            "  0    something was listed; also if the reader of the list has gone",
            "  1    there is nothing of that name",
            "  125  TARGET is written wrongly, or the kernel hides what is needed",
            "",
            "Examples:",
            "  kprobe list 'vfs_*'",
            "  kprobe list '(struct file *)'",
            "  kprobe list --json --probeable 'tcp_*,!tcp_v6_*'",
            "  kprobe list -s struct file",
            "  kprobe list -s 'tcp_*'",
            "  kprobe list -e pid_type"
        })
final class ListCommand implements Callable<Integer> {
    @Mixin
    private KernelChoice kernel = new KernelChoice();

    @Option(
            names = {"-s", "--struct"},
            description = "Structs and unions; also by a typedef's name.")
    private boolean structs;

    @Option(
            names = {"-e", "--enum"},
            description = "Enums; also by the name of one of their constants.")
    private boolean enums;

    @Option(
            names = "--json",
            description =
                    "A JSON object for each, one a line. Of a function: name, address, probeable, and where they are known module, reason, "
                            + "prototype, size, aliases, remark. Of a struct or union: kind, name, module, size, members (name, type, offset, size "
                            + "or bitOffset and bits), holes, paddingBits. Of an enum: kind, name, size, module, constants (name, value).")
    private boolean json;

    @Option(names = "--names", description = "Names alone, one a line.")
    private boolean names;

    @Option(names = "--probeable", description = "Only functions that can be probed.")
    private boolean probeable;

    @Parameters(
            paramLabel = "TARGET",
            description =
                    "As in Kprobe.at: symbol, module:function, 'vfs_*,!vfs_r*', '(struct file *)', /^tcp_v[46]_/; all functions if there is none.")
    private List<String> targets = new ArrayList<>();

    private final List<String> command;

    /** The command line's tail from {@code --} on, or nothing. */
    ListCommand(List<String> command) {
        this.command = List.copyOf(command);
    }

    @Override
    public Integer call() {
        if (!command.isEmpty()) {
            throw new KprobeException("list runs no command; leave out what stands after --");
        }
        kernel.check();
        requireSense();
        var question = new ListMain.Question(
                structs ? Kind.STRUCTS : enums ? Kind.ENUMS : Kind.FUNCTIONS,
                json ? Form.JSON : names ? Form.NAMES : Form.TEXT,
                probeable,
                targets);
        if (kernel.isHere()) {
            return ListMain.list(question, new FileOutputStream(FileDescriptor.out), System.err);
        }
        VmRun run = VmRun.of(kernel);
        run.announce(kernel);
        List<String> words = new ArrayList<>(List.of(ListMain.class.getName()));
        words.addAll(question.words());
        return run.run(List.of(), words);
    }

    private void requireSense() {
        if (structs && enums) {
            throw new KprobeException("-s and -e exclude each other");
        }
        if (json && names) {
            throw new KprobeException("--json and --names exclude each other");
        }
        if (probeable && (structs || enums)) {
            throw new KprobeException("--probeable is for functions; leave it out for -s and -e");
        }
    }
}
