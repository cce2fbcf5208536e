package org.kprobe4j.handlers;

import org.kprobe4j.Kernel;
import org.kprobe4j.KernelArray;
import org.kprobe4j.KernelQueue;
import org.kprobe4j.PerCpuArray;
import org.kprobe4j.PerCpuMap;
import org.kprobe4j.TaskLocal;

/** Rows of docs/language.md: arrays, queues, values of CPUs and of tasks. */
final class LanguageCollections {
    private LanguageCollections() {}

    static void rows(LanguageTable table) {
        table.area("Arrays, queues, values of CPUs and of tasks", LanguageCollections.class);
        var twin = table.twin;
        KernelArray<Long> times = twin.array(Long.class, 8);
        PerCpuArray<Integer> sizes = twin.perCpuArray(Integer.class, 64);
        PerCpuMap<Integer, Long> bytes = twin.perCpuMap(Integer.class, Long.class, 100);
        KernelQueue<Long> slow = twin.queue(Long.class, 100);
        TaskLocal<Long> began = twin.taskLocal(Long.class);
        table.handler("an array shared by all CPUs", (p, regs) -> {
            int i = (int) regs.arg(0) & 7;
            times.set(i, times.get(i) + times.length());
            times.add(0, regs.arg(1));
            return 0;
        });
        table.handler("an array for each CPU", (p, regs) -> {
            sizes.add(63 - Long.numberOfLeadingZeros(regs.arg(0) | 1), 1);
            return 0;
        });
        table.handler("a map for each CPU", (p, regs) -> {
            bytes.add(Kernel.pid(), regs.arg(0));
            Kernel.printf("%d", bytes.getOrDefault(Kernel.pid(), 0L));
            return 0;
        });
        table.handler("a queue", (p, regs) -> {
            if (slow.offer(regs.arg(0)) && regs.arg(1) > 2) {
                Long first = slow.poll();
                Kernel.printf("%d", first == null ? 0 : first);
            }
            return 0;
        });
        table.handler("a value for each task", (p, regs) -> {
            Long before = began.get();
            began.set(before == null ? regs.arg(0) : before + 1);
            return 0;
        });
        table.refusedHandler(
                "the sum over all CPUs",
                (p, regs) -> (int) sizes.sum(1),
                "PerCpuArray.sum works outside handlers only; in a handler use get, set, add and length");
        table.refusedHandler(
                "an array made in a handler",
                (p, regs) -> KernelArray.of(Long.class, 8).length(),
                "a handler cannot make a KernelArray; make it outside, and use it in the handler");
    }
}
