package org.kprobe4j;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** What {@link LimitedRun} runs: scenarios by name, each on {@link DevNull}; what is refused is a line, too. */
final class LimitedProgram {
    record Event(long offset, long addr) {}

    static final class Start {
        long offset;
    }

    interface TaskStruct extends KernelStruct {
        int tgid();
    }

    private LimitedProgram() {}

    public static void main(String[] args) {
        for (String scenario : args) {
            try {
                System.out.println(scenario + ": " + run(scenario));
            } catch (ProbeException e) {
                System.out.println(scenario + " " + e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }
    }

    private static Object run(String scenario) {
        int at = scenario.indexOf('=');
        String target = at < 0 ? DevNull.FUNCTION : scenario.substring(at + 1);
        return switch (at < 0 ? scenario : scenario.substring(0, at)) {
            case "events" -> events();
            case "printf" -> printf();
            case "stack" -> stack();
            case "structure" -> structure();
            case "return" -> returned();
            case "plain" -> plain();
            case "maxactive" -> maxactive();
            case "post" -> post();
            case "many" -> many();
            case "seccomp" -> Seccomp.refuse();
            case "probe" ->
                registered(() -> Kprobe.at(target).preHandler((p, regs) -> 0).register());
            case "retprobe" ->
                registered(() -> Kretprobe.at(target).handler((ri, regs) -> 0).register());
            case "map" -> {
                try (var map = KernelMap.of(Long.class, Long.class, 10)) {
                    yield map.get(1L);
                }
            }
            default -> throw new IllegalArgumentException(scenario);
        };
    }

    private static String registered(Supplier<? extends AutoCloseable> registration) {
        try (AutoCloseable _ = registration.get()) {
            return "planted";
        } catch (ProbeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object events() {
        List<Event> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Event.class);
        var last = KernelMap.of(Integer.class, Long.class, 100);
        var count = Counter.of();
        Kprobe kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    events.emit(new Event(regs.arg(1), p.addr()));
                    last.put(Kernel.pid(), regs.arg(1));
                    count.increment();
                    return 0;
                })
                .register();
        try (events;
                last;
                count) {
            events.forEach(seen::add);
            try (kp) {
                DevNull.seek(10);
            }
            for (int i = 0; i < 100 && seen.size() < 10; i++) {
                LockSupport.parkNanos(100_000_000); // another thread takes them from the ring
            }
            boolean sameAddress = seen.stream().allMatch(event -> event.addr() == kp.addr());
            return "%d events, last %d, counted %d, address %s, in the handler the %s; %s"
                    .formatted(
                            seen.size(),
                            last.get((int) ProcessHandle.current().pid()),
                            count.sum(),
                            kp.addr() == 0 ? "hidden" : "known",
                            sameAddress ? "same" : "other",
                            kp.account());
        }
    }

    private static Object printf() {
        Kprobe kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    Kernel.printf("%s to %d", p.symbolName(), regs.arg(1));
                    return 0;
                })
                .register();
        try (kp) {
            DevNull.seek(2);
        }
        return kp.account();
    }

    private static Object stack() {
        Kprobe kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    Kernel.dumpStack();
                    return 0;
                })
                .register();
        try (kp) {
            DevNull.seek(1);
        }
        return kp.account();
    }

    private static Object structure() {
        Kprobe kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    Kernel.printf("tgid %d", Kernel.current(TaskStruct.class).tgid() == Kernel.pid() ? 1 : 0);
                    return 0;
                })
                .register();
        try (kp) {
            DevNull.seek(1);
        }
        return kp.account();
    }

    private static Object returned() {
        Kretprobe krp = Kretprobe.at(DevNull.FUNCTION, Start.class)
                .mechanism(Mechanism.TRACEFS)
                .entryHandler((ri, regs) -> {
                    ri.data().offset = regs.arg(1);
                    return regs.arg(1) % 2 == 0 ? 0 : 1;
                })
                .handler((ri, regs) -> {
                    Kernel.printf("entered with %d", ri.data().offset);
                    return 0;
                })
                .register();
        try (krp) {
            DevNull.seek(4);
        }
        return "%s; missed %d".formatted(krp.account(), krp.nmissed());
    }

    private static Object plain() {
        Kretprobe krp = Kretprobe.at(DevNull.FUNCTION)
                .mechanism(Mechanism.TRACEFS)
                .handler((ri, regs) -> 0)
                .register();
        try (krp) {
            DevNull.seek(4);
        }
        return "%s; missed %d".formatted(krp.account(), krp.nmissed());
    }

    private static Object maxactive() {
        return registered(() -> Kretprobe.at(DevNull.FUNCTION)
                .maxactive(20)
                .handler((ri, regs) -> 0)
                .register());
    }

    private static Object post() {
        return registered(() ->
                Kprobe.at(DevNull.FUNCTION).postHandler((p, regs, flags) -> {}).register());
    }

    /** Registers when no file can be opened any more; what it needs of classes was loaded before. */
    private static Object many() {
        for (String target : List.of(DevNull.FUNCTION, "vfs_raed")) {
            try {
                registered(() -> Kprobe.at(target).preHandler((p, regs) -> 0).register());
            } catch (RegistrationException e) {
                if (!target.equals("vfs_raed")) {
                    throw e;
                }
            }
        }
        var open = new ArrayList<RandomAccessFile>();
        try {
            while (true) {
                open.add(new RandomAccessFile("/dev/null", "r"));
            }
        } catch (IOException e) {
            return registered(
                    () -> Kprobe.at(DevNull.FUNCTION).preHandler((p, regs) -> 0).register());
        }
    }
}
