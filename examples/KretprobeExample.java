// The kernel's samples/kprobes/kretprobe_example.c in Java: reports what a function returned and how long it took.
//
//   ./kprobe run examples/KretprobeExample.java [func=kernel_clone] [maxactive=20] [log=kmsg|syslog] [-- COMMAND…]

import org.kprobe4j.Args;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kretprobe;

/** Per-instance private data. */
static final class MyData {
    long entryStamp;
}

interface TaskStruct extends KernelStruct {
    MmStruct mm();
}

interface MmStruct extends KernelStruct {}

void main(String[] args) {
    var params = Args.of(args, "func", "maxactive", "log");
    var func = params.get("func", "kernel_clone");
    var log = params.log();

    var rp = Kretprobe.at(func, MyData.class)
            .log(log)
            .maxactive(params.getInt("maxactive", 20)) // probe up to 20 instances concurrently
            .entryHandler((ri, regs) -> {
                if (Kernel.current(TaskStruct.class).mm().isNull()) {
                    return 1; // skip kernel threads
                }
                ri.data().entryStamp = Kernel.ktimeNs();
                return 0;
            })
            .handler((ri, regs) -> {
                long delta = Kernel.ktimeNs() - ri.data().entryStamp;
                Kernel.printf("%s returned %d and took %d ns to execute", ri.symbolName(), regs.returnValue(), delta);
                return 0;
            })
            .register();
    try (rp) {
        log.printf("Planted return probe at %s: 0x%x", rp.symbolName(), rp.addr());
        params.await();
    }
    log.printf("kretprobe at 0x%x unregistered", rp.addr());
    // more than 0 suggests that maxactive was set too low
    log.printf("Missed probing %d instances of %s", rp.nmissed(), rp.symbolName());
}
