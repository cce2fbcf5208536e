package org.kprobe4j.cli;

import java.lang.reflect.InvocationTargetException;
import org.kprobe4j.Args;
import org.kprobe4j.ProbeException;

/**
 * The thread of a program's {@code main}, named {@code main} as it would be under {@code java}. A signal ends the JVM only after
 * this thread (the API's doing), so nothing in it may call {@link System#exit}: that would wait for the signal's shutdown, which
 * waits for this thread.
 */
final class ProgramThread extends Thread {
    private final ClassLoader classes;
    private final String mainClass;
    private final String[] args;
    private volatile int status = ProbeException.EXIT_STATUS;

    ProgramThread(ClassLoader classes, String mainClass, String[] args) {
        super("main");
        this.classes = classes;
        this.mainClass = mainClass;
        this.args = args.clone();
        setContextClassLoader(classes);
    }

    /** The exit status, once the thread has ended. */
    int status() {
        return status;
    }

    @Override
    public void run() {
        try {
            MainMethod.of(classes, mainClass).invoke(args);
            status = Args.exitStatus();
        } catch (InvocationTargetException e) {
            status = RunMain.report(mainClass, e.getCause(), System.err);
        } catch (ReflectiveOperationException | LinkageError | KprobeException e) {
            status = RunMain.report(mainClass, e, System.err);
        }
    }
}
