// Counts the ways that lead to a function of the kernel: its call stacks, in the kernel and in the processes. After BCC's stackcount.
//
//   ./kprobe run examples/StackCount.java func=NAME [user=true] [kernel=false] [pid=PID] [top=HOW_MANY] [folded=true] [--duration 10s] [-- COMMAND…]
//
// folded=true gives a line for each stack, as flamegraph.pl reads them. Stacks of processes have all frames where the code keeps frame
// pointers, and names if the process lived a second longer than its first stack: what it had mapped is read while it runs.

import org.kprobe4j.Args;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStack;
import org.kprobe4j.Kprobe;
import org.kprobe4j.UserStack;

record Both(UserStack user, KernelStack kernel) {}

void main(String[] args) {
    var params = Args.of(args, "func", "user", "kernel", "pid", "top", "folded");
    var func = params.get("func", "vfs_read");
    var user = params.getBoolean("user", false);
    var kernel = params.getBoolean("kernel", true);
    var pid = params.getInt("pid", 0);
    var top = params.getInt("top", Integer.MAX_VALUE);
    var folded = params.getBoolean("folded", false);

    try (var kernelStacks = KernelMap.of(KernelStack.class, Long.class);
            var userStacks = KernelMap.of(UserStack.class, Long.class);
            var bothStacks = KernelMap.of(Both.class, Long.class)) {
        var kp = Kprobe.at(func)
                .preHandler((p, regs) -> {
                    if (pid != 0 && Kernel.pid() != pid) {
                        return 0;
                    } else if (user && kernel) {
                        bothStacks.add(new Both(Kernel.userStack(), Kernel.stack()), 1);
                    } else if (user) {
                        userStacks.add(Kernel.userStack(), 1);
                    } else {
                        kernelStacks.add(Kernel.stack(), 1);
                    }
                    return 0;
                })
                .register();
        try (kp) {
            params.await();
        }
        // stacks of several processes may read the same
        var counts = new HashMap<String, Long>();
        kernelStacks.forEach((k, count) -> counts.merge(folded ? k.folded() : k.toString(), count, Long::sum));
        userStacks.forEach((u, count) -> counts.merge(folded ? u.folded() : u.toString(), count, Long::sum));
        bothStacks.forEach((both, count) -> counts.merge(folded ? both.user().folded() + ";-;" + both.kernel().folded()
                : both.kernel() + "\n--\n" + both.user(), count, Long::sum));
        counts.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(top)
                .forEach(e -> IO.println(folded ? e.getKey() + " " + e.getValue() : e.getKey().indent(2) + "    " + e.getValue() + "\n"));
    }
}

// ways is compiled with frame pointers; its functions often and seldom call seek 300 and 200 times, then it sleeps for 3 s.
//
// $ ./kprobe run --vm examples/StackCount.java func=null_lseek user=true -- /tmp/ways
// kprobe: null_lseek: 500 hits = 500 delivered
//   null_lseek+0x5/0x20
//   ksys_lseek+0x5e/0xb0
//   do_syscall_64+0x87/0x180
//   entry_SYSCALL_64_after_hwframe+0x76/0x7e
//   --
//   seek+0x1b (/tmp/ways)
//   often+0x1e (/tmp/ways)
//   main+0x2d (/tmp/ways)
//   0x7f5470e3124a (/usr/lib/x86_64-linux-gnu/libc.so.6+0x2724a)
//     300
//
//   null_lseek+0x5/0x20
//   ksys_lseek+0x5e/0xb0
//   do_syscall_64+0x87/0x180
//   entry_SYSCALL_64_after_hwframe+0x76/0x7e
//   --
//   seek+0x1b (/tmp/ways)
//   seldom+0x1e (/tmp/ways)
//   main+0x35 (/tmp/ways)
//   0x7f5470e3124a (/usr/lib/x86_64-linux-gnu/libc.so.6+0x2724a)
//     200
//
// $ ./kprobe run --vm examples/StackCount.java func=null_lseek user=true folded=true -- /tmp/ways
// [libc.so.6];main;often;seek;-;entry_SYSCALL_64_after_hwframe;do_syscall_64;ksys_lseek;null_lseek 300
// [libc.so.6];main;seldom;seek;-;entry_SYSCALL_64_after_hwframe;do_syscall_64;ksys_lseek;null_lseek 200
