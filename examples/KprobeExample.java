// The kernel's samples/kprobes/kprobe_example.c in Java: dumps selected registers before and after the first instruction of
// kernel_clone(), which is called whenever a process or a thread is made.
//
//   ./kprobe run examples/KprobeExample.java [symbol=kernel_clone] [stack=true] [log=kmsg|syslog] [-- COMMAND…]

import org.kprobe4j.Args;
import org.kprobe4j.Kernel;
import org.kprobe4j.Kprobe;
import org.kprobe4j.PtRegs;

void main(String[] args) {
    var params = Args.of(args, "symbol", "stack", "log");
    var symbol = params.get("symbol", "kernel_clone");
    var stack = params.getBoolean("stack", false);
    var log = params.log();

    var kp = Kprobe.at(symbol)
            .log(log)
            // called just before the probed instruction is executed
            .preHandler((p, regs) -> {
                switch (regs) {
                    case PtRegs.X86 r -> Kernel.printf("<%s> p->addr = 0x%x, ip = %x, flags = 0x%x", p.symbolName(), p.addr(), r.ip(), r.flags());
                    case PtRegs.Arm64 r -> Kernel.printf("<%s> p->addr = 0x%x, pc = 0x%x, pstate = 0x%x", p.symbolName(), p.addr(), r.pc(), r.pstate());
                    case PtRegs.Arm r -> Kernel.printf("<%s> p->addr = 0x%x, pc = 0x%x, cpsr = 0x%x", p.symbolName(), p.addr(), r.pc(), r.cpsr());
                }
                if (stack) {
                    Kernel.dumpStack();
                }
                return 0;
            })
            // called after the probed instruction is executed
            .postHandler((p, regs, flags) -> {
                switch (regs) {
                    case PtRegs.X86 r -> Kernel.printf("<%s> p->addr = 0x%x, flags = 0x%x", p.symbolName(), p.addr(), r.flags());
                    case PtRegs.Arm64 r -> Kernel.printf("<%s> p->addr = 0x%x, pstate = 0x%x", p.symbolName(), p.addr(), r.pstate());
                    case PtRegs.Arm r -> Kernel.printf("<%s> p->addr = 0x%x, cpsr = 0x%x", p.symbolName(), p.addr(), r.cpsr());
                }
            })
            .register();
    try (kp) {
        log.printf("Planted kprobe at 0x%x", kp.addr());
        params.await();
    }
    log.printf("kprobe at 0x%x unregistered", kp.addr());
}
