package org.kprobe4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.kprobe4j.bpf.Privileges;

/** The run of a program that uses {@code Args}: its accounts are printed when it ends. */
public final class Runs {
    private static final List<Said> SAID = new ArrayList<>();
    private static final CountDownLatch WAITING = new CountDownLatch(1);
    private static boolean active;
    private static boolean linking;

    /** What is to be said at the end: a probe's account, or a remark beside one. */
    private record Said(boolean isAccount, String line) {}

    private Runs() {}

    /** A program has begun that wants its accounts printed, and its failures said without a stack trace. */
    public static synchronized void begin(Thread.UncaughtExceptionHandler uncaught) {
        if (!active) {
            active = true;
            linkAhead();
            if (Thread.getDefaultUncaughtExceptionHandler() == null) {
                Thread.setDefaultUncaughtExceptionHandler(uncaught);
            }
            Shutdown.atEnd(Runs::print);
        }
    }

    /**
     * Linking the way to the system calls takes longer than all that a program does before its first one; so both at once, and this from
     * the first moment at which it is sure that a program will run.
     */
    public static synchronized void linkAhead() {
        if (linking) {
            return;
        }
        linking = true;
        var linker = new Thread(
                () -> {
                    var _ = Privileges.current();
                },
                "syscall-linker");
        linker.setDaemon(true);
        linker.start();
    }

    /** The program has said all that it says before it waits. */
    public static void waiting() {
        WAITING.countDown();
    }

    /** Until the program waits: what a probe prints comes after the program's own first lines. */
    public static CountDownLatch whenWaiting() {
        return WAITING;
    }

    /** Notes the account of a probe that was closed. */
    public static synchronized void account(String line) {
        note(new Said(true, line));
    }

    /** Notes what is to be known of a probe that was closed, beside its account. */
    public static synchronized void closed(String remark) {
        note(new Said(false, remark));
    }

    private static void note(Said said) {
        if (!Explaining.isOn()) {
            SAID.add(said);
        }
    }

    /** The remarks up to now, for a command that makes an account of its own; nothing of it is printed then. */
    public static synchronized List<String> takeRemarks() {
        List<String> remarks =
                SAID.stream().filter(said -> !said.isAccount()).map(Said::line).toList();
        SAID.clear();
        return remarks;
    }

    private static synchronized void print() {
        SAID.forEach(said -> System.err.println("kprobe: " + said.line()));
        SAID.clear();
    }
}
