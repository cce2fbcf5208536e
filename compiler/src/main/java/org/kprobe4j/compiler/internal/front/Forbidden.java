package org.kprobe4j.compiler.internal.front;

import java.util.Map;

/** Calls that have no place in a handler, with what to write instead where there is something. */
final class Forbidden {
    private static final Map<String, String> INSTEAD = Map.ofEntries(
            Map.entry("java/lang/System.nanoTime", "Kernel.ktimeNs()"),
            Map.entry("java/lang/System.currentTimeMillis", "Kernel.ktimeNs(), and add the boot time in user space"),
            Map.entry("java/time/Instant.now", "Kernel.ktimeNs(), and add the boot time in user space"),
            Map.entry("java/io/PrintStream.println", "Kernel.printf"),
            Map.entry("java/io/PrintStream.printf", "Kernel.printf"),
            Map.entry("java/io/PrintStream.print", "Kernel.printf"),
            Map.entry("java/lang/IO.println", "Kernel.printf"),
            Map.entry("java/lang/IO.print", "Kernel.printf"),
            Map.entry("java/lang/String.format", "Kernel.printf, which formats in user space"),
            Map.entry("java/lang/String.formatted", "Kernel.printf, which formats in user space"),
            Map.entry("java/lang/String.valueOf", "Kernel.printf, which formats in user space"),
            Map.entry("java/lang/Math.random", "Kernel.random()"),
            Map.entry("java/util/Random.nextInt", "Kernel.random()"),
            Map.entry("java/util/concurrent/ThreadLocalRandom.current", "Kernel.random()"),
            Map.entry("java/lang/Thread.currentThread", "Kernel.tid()"),
            Map.entry("java/lang/ProcessHandle.current", "Kernel.pid()"));

    private Forbidden() {}

    static Refusal call(String owner, String name) {
        String known = INSTEAD.get(owner + '.' + name);
        String instead = known == null && isCollection(owner)
                ? "a KernelMap that is made outside the handler, or an array of numbers"
                : known;
        return new Refusal(
                "a handler cannot call %s.%s; %s"
                        .formatted(
                                Translation.javaName(owner),
                                name,
                                instead != null
                                        ? "use " + instead
                                        : "it can call its own static methods, Kernel, PtRegs, kernel structures, and what Math, Integer and Long do with ints and longs"));
    }

    private static boolean isCollection(String owner) {
        return owner.startsWith("java/util/")
                && (owner.endsWith("List")
                        || owner.endsWith("Map")
                        || owner.endsWith("Set")
                        || owner.endsWith("Deque")
                        || owner.endsWith("Queue")
                        || owner.endsWith("Collection"));
    }

    /** Whether it is known what to write instead, whatever class the receiver has at run time. */
    static boolean hasInstead(String owner, String name) {
        return INSTEAD.containsKey(owner + '.' + name);
    }

    /** Whether a class is the program's own, so that its methods can be compiled into the handler. */
    static boolean isCompiled(String owner) {
        return !Api.isType(owner) && !isJdk(owner);
    }

    static boolean isJdk(String owner) {
        return owner.startsWith("java/")
                || owner.startsWith("javax/")
                || owner.startsWith("jdk/")
                || owner.startsWith("sun/");
    }

    /** Exceptions are recognised by their names: their classes need not be read. */
    static boolean isThrowable(String owner) {
        return owner.endsWith("Exception") || owner.endsWith("Error") || owner.equals("java/lang/Throwable");
    }
}
