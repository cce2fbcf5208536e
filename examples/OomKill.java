// Shows what the kernel kills when memory runs out, who asked for the memory, and how busy the machine was. After BCC's oomkill.
//
//   ./kprobe run examples/OomKill.java [--duration 1h] [-- COMMAND…]

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

interface TaskStruct extends KernelStruct {
    int tgid();
    String comm();
}

interface OomControl extends KernelStruct {
    TaskStruct chosen();
    long totalpages();
}

// void oom_kill_process(struct oom_control *oc, const char *message)
interface OomKillProcess extends FunctionArguments {
    OomControl oc();
}

record Kill(int pid, String comm, int victim, String victimComm, long pages) {}

void main(String[] args) {
    var params = Args.of(args);

    var table = Table.live("TIME:8", "PID:7", "COMM:16", "VICTIM:7", "VICTIM_COMM:16", "PAGES:9", "LOAD_AVERAGE");
    try (var events = RingBuffer.of(Kill.class)) {
        events.forEach(e -> table.row(LocalTime.now(), e.pid(), e.comm(), e.victim(), e.victimComm(), e.pages(), loadAverage()));
        var kp = Kprobe.at("oom_kill_process")
                .preHandler((p, regs) -> {
                    var oc = regs.args(OomKillProcess.class).oc();
                    events.emit(new Kill(Kernel.pid(), Kernel.comm(), oc.chosen().tgid(), oc.chosen().comm(), oc.totalpages()));
                    return 0;
                })
                .register();
        try (kp) {
            params.await();
        }
    }
}

static String loadAverage() {
    try {
        return Files.readString(Path.of("/proc/loadavg")).strip();
    } catch (IOException e) {
        return e.toString();
    }
}

// $ ./kprobe run --vm examples/OomKill.java -- sh -c 'cd /sys/fs/cgroup; echo +memory > cgroup.subtree_control; mkdir small; echo 20M > small/memory.max;
//   echo $$ > small/cgroup.procs; exec perl -e "\$m = q(x) x (100 << 20)"'
// TIME         PID COMM              VICTIM VICTIM_COMM          PAGES LOAD_AVERAGE
// 12:42:44     205 perl                 205 perl                  5120 0.37 0.08 0.03 3/84 208
// kprobe: oom_kill_process: 1 hits = 1 delivered
