package org.kprobe4j.cli;

import java.io.File;
import java.io.PrintStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.ProbeException;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Timing;

/**
 * Runs a compiled program: {@code RunMain CLASSES_FOLDER MAIN_CLASS [ARGUMENT...]}.
 *
 * <p>The exit status is that of the command the program ran, {@value ProbeException#EXIT_STATUS} if the program failed. What it
 * threw is shown without the frames that are not its author's; all of them with {@code KPROBE4J_DEBUG=1} in the environment.
 *
 * <p>No lambdas and no string concatenation on the way to the program's first line: both are linked at run time, which costs
 * under emulation.
 */
public final class RunMain {
    /** The system property that asks for the table of {@code --timing}. */
    static final String TIMING = "kprobe4j.timing";

    private RunMain() {}

    /**
     * Runs the program and ends the JVM with its exit status.
     *
     * @param args the folder of the program's classes, its main class, and its arguments
     */
    public static void main(String[] args) {
        Timing.mainBegins();
        if (Boolean.getBoolean(TIMING)) {
            Timing.begin();
        }
        if (args.length < 2) {
            System.err.println("kprobe: usage: RunMain CLASSES_FOLDER MAIN_CLASS [ARGUMENT...]");
            System.exit(ProbeException.EXIT_STATUS);
        }
        Runs.linkAhead();
        int status;
        try {
            ProgramLoader classes = ProgramLoader.of(new File(args[0]));
            String[] arguments = Arrays.copyOfRange(args, 2, args.length);
            String dryRun = System.getProperty(DryRun.PROPERTY);
            status = dryRun == null
                    ? run(classes, args[1], arguments)
                    : rehearse(DryRun.of(dryRun), classes, args[1], arguments);
        } catch (KprobeException e) {
            status = report(args[1], e, System.err);
        }
        System.exit(status);
    }

    /**
     * Runs the program in a thread of its own and waits for it; a program runs once per JVM.
     *
     * @return the exit status
     */
    static int run(ProgramLoader classes, String mainClass, String[] args) {
        ProgramThread thread = new ProgramThread(classes, mainClass, args);
        Thread.currentThread().setName("kprobe");
        thread.start();
        while (true) {
            try {
                thread.join();
                return thread.status();
            } catch (InterruptedException e) {
                thread.interrupt();
            }
        }
    }

    /** Runs the program up to where it waits, and shows how its probes were planted; the exit status. */
    static int rehearse(DryRun dryRun, ProgramLoader classes, String mainClass, String[] args) {
        return dryRun.run(() -> run(classes, mainClass, args), System.out::println);
    }

    /** Says what the program threw; the exit status that goes with it. */
    static int report(String program, @Nullable Throwable thrown, PrintStream err) {
        int status = ProbeException.EXIT_STATUS;
        if (thrown instanceof ProbeException e) {
            err.println("kprobe: " + e.getMessage());
            status = e.exitStatus();
        } else if (thrown instanceof KprobeException e) {
            err.println("kprobe: " + e.getMessage());
        } else {
            err.println("kprobe: " + program + " threw " + thrown);
            printOwnFrames(thrown, err);
        }
        if (thrown != null && debugging()) {
            thrown.printStackTrace(err);
        }
        return status;
    }

    /** Whether stack traces are wanted. */
    static boolean debugging() {
        return "1".equals(System.getenv("KPROBE4J_DEBUG"));
    }

    private static void printOwnFrames(@Nullable Throwable thrown, PrintStream err) {
        if (thrown == null) {
            return;
        }
        for (StackTraceElement frame : thrown.getStackTrace()) {
            if (ProgramLoader.NAME.equals(frame.getClassLoaderName())) {
                err.println("    at %s (%s:%d)"
                        .formatted(frame.getMethodName(), frame.getFileName(), frame.getLineNumber()));
            }
        }
        if (thrown.getCause() != null) {
            err.println("  caused by " + thrown.getCause());
            printOwnFrames(thrown.getCause(), err);
        }
    }
}
