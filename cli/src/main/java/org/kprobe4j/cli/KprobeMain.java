package org.kprobe4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Function;
import org.kprobe4j.ProbeException;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.cli.tool.CallsCommand;
import org.kprobe4j.cli.tool.CountCommand;
import org.kprobe4j.cli.tool.Invocation;
import org.kprobe4j.cli.tool.LatencyCommand;
import org.kprobe4j.cli.tool.RetCommand;
import org.kprobe4j.cli.tool.StacksCommand;
import org.kprobe4j.cli.tool.ToolRun;
import org.kprobe4j.cli.trace.TraceCommand;
import org.kprobe4j.internal.Timing;
import org.kprobe4j.internal.targets.TargetSyntaxException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command {@code kprobe}. */
@Command(
        name = "kprobe",
        description = "Kernel probes in Java: handlers for kernel functions, compiled to eBPF while the program runs.",
        mixinStandardHelpOptions = true,
        versionProvider = KprobeMain.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExamples:%n",
        footer = {
            "  kprobe trace do_sys_openat2 -- ls /",
            "  kprobe latency vfs_read --by comm --duration 10s",
            "  kprobe list 'vfs_*'",
            "  kprobe doctor",
            "  kprobe run examples/KprobeExample.java -- ls /",
            "  kprobe run examples/KretprobeExample.java func=vfs_read -- cat /etc/hostname",
            "  kprobe explain 'vfs_*'",
            "",
            "kprobe COMMAND --help says more about a command."
        })
public final class KprobeMain implements Runnable {
    private static final Map<String, Function<Invocation, Object>> COMMANDS = commands();

    /** As picocli says it. */
    private static final String NO_NUMBER = "('[^']*') is not an? (?:long|int)$";

    @Spec
    private CommandSpec spec;

    /** In the order of the help. */
    private static Map<String, Function<Invocation, Object>> commands() {
        var commands = new LinkedHashMap<String, Function<Invocation, Object>>();
        commands.put("trace", TraceCommand::new);
        commands.put("count", CountCommand::new);
        commands.put("latency", LatencyCommand::new);
        commands.put("ret", RetCommand::new);
        commands.put("stacks", StacksCommand::new);
        commands.put("calls", CallsCommand::new);
        commands.put("run", invocation -> new RunCommand(invocation.tail()));
        commands.put("explain", invocation -> new ExplainCommand(invocation.tail()));
        commands.put("list", invocation -> new ListCommand(invocation.tail()));
        commands.put("doctor", invocation -> new DoctorCommand(invocation.tail()));
        return commands;
    }

    KprobeMain() {
        spec = CommandSpec.create(); // picocli sets the real one
    }

    /**
     * Does what the arguments say and ends the JVM with the exit status.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        Timing.mainBegins();
        System.exit(execute(args));
    }

    /**
     * Does what the arguments say.
     *
     * @param args the command line
     * @return the exit status
     */
    public static int execute(String... args) {
        // What comes after the first -- belongs to the user's command: picocli must not see it.
        int dashes = Arrays.asList(args).indexOf("--");
        List<String> own = RunCommand.attachKernelVersion(List.of(args).subList(0, dashes < 0 ? args.length : dashes));
        var invocation =
                new Invocation(own, dashes < 0 ? List.of() : List.of(args).subList(dashes, args.length));
        // A command's options are found by reflection: those of the others are left alone, where one is named.
        String first = own.isEmpty() ? "" : own.getFirst();
        boolean named = COMMANDS.containsKey(first);
        try {
            var commandLine = named ? usual(command(first, invocation)) : commandLine(invocation);
            return commandLine
                    .setParameterExceptionHandler((e, _) -> complain(e))
                    .setExecutionExceptionHandler(KprobeMain::fail)
                    .execute((named ? own.subList(1, own.size()) : own).toArray(String[]::new));
        } catch (OutOfMemoryError e) {
            System.err.println("kprobe: this JVM's memory is full (%s); JAVA_TOOL_OPTIONS=-Xmx2g gives it more"
                    .formatted(e.getMessage()));
        } catch (StackOverflowError e) {
            failed(e);
        }
        return ProbeException.EXIT_STATUS;
    }

    private static CommandLine command(String name, Invocation invocation) {
        var command = new CommandLine(Objects.requireNonNull(COMMANDS.get(name)).apply(invocation));
        command.getCommandSpec().versionProvider(new Version());
        return command.setCommandName("kprobe " + name);
    }

    /**
     * The model of the command line, for manual pages and completions.
     *
     * @return all commands
     */
    public static CommandLine commandLine() {
        return commandLine(new Invocation(List.of(), List.of()));
    }

    private static CommandLine commandLine(Invocation invocation) {
        var commandLine = new CommandLine(new KprobeMain());
        COMMANDS.forEach((name, command) -> commandLine.addSubcommand(name, command.apply(invocation)));
        return usual(commandLine);
    }

    private static CommandLine usual(CommandLine commandLine) {
        return commandLine.setExpandAtFiles(false).setUsageHelpWidth(100);
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "what to do? 'kprobe trace TARGET' shows calls, 'kprobe run FILE.java' runs a file, 'kprobe explain TARGET' says what can be probed");
    }

    /** One line, with the nearest name if one was mistyped. */
    private static int complain(ParameterException e) {
        String line = "kprobe: " + String.valueOf(e.getMessage()).replaceFirst(NO_NUMBER, "$1 is not a whole number");
        if (e instanceof UnmatchedArgumentException unmatched) {
            CommandSpec command = e.getCommandLine().getCommandSpec();
            String word = unmatched.getUnmatched().getFirst();
            Collection<String> known = word.startsWith("-")
                    ? command.optionsMap().keySet()
                    : command.subcommands().keySet();
            line = "kprobe: " + (word.startsWith("-") ? "unknown option " : "unknown command ") + word
                    + NearestNames.nearest(word, known.stream(), 1).stream()
                            .findFirst()
                            .map(name -> "; nearest: " + name)
                            .orElse("");
        }
        System.err.println(line + "; see " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
        return ProbeException.EXIT_STATUS;
    }

    private static int fail(Exception e, CommandLine commandLine, ParseResult parsed) {
        switch (e) {
            case CompilationException _ -> System.err.println(e.getMessage());
            case TargetSyntaxException target -> System.err.println("kprobe: " + target.getMessage());
            case KprobeException own -> {
                System.err.println("kprobe: " + own.getMessage());
                return ToolRun.statusOf(own);
            }
            case ProbeException probe -> {
                System.err.println("kprobe: " + probe.getMessage());
                return probe.exitStatus();
            }
            default -> failed(e);
        }
        return ProbeException.EXIT_STATUS;
    }

    private static void failed(Throwable e) {
        System.err.println("kprobe: internal error: " + e + " (KPROBE4J_DEBUG=1 shows the stack)");
        if (RunMain.debugging()) {
            e.printStackTrace();
        }
    }

    /** The version from the build. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() throws IOException {
            Properties properties = new Properties();
            try (InputStream in = KprobeMain.class.getResourceAsStream("version.properties")) {
                if (in != null) {
                    properties.load(in);
                }
            }
            return new String[] {
                "kprobe " + properties.getProperty("version", "of an unknown version") + " (Java " + Runtime.version()
                        + ")"
            };
        }
    }
}
