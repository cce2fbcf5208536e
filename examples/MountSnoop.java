// Shows what is mounted and unmounted, and what came of it, in all mount namespaces. After BCC's mountsnoop.
//
//   ./kprobe run examples/MountSnoop.java [pid=PID] [comm=NAME] [failed=true] [--duration 10s] [-- COMMAND…]
//
// FLAGS are those of mount(2) or umount2(2); newer mount commands make a file system with fsmount and put it in its place with move_mount.

import java.time.LocalTime;
import java.util.HashMap;
import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.KernelFunctions;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

interface Path extends KernelStruct {
    Vfsmount mnt();
}

interface Vfsmount extends KernelStruct {
    SuperBlock mntSb();
}

interface Mount extends KernelStruct {
    @MaxBytes(64) String mntDevname();
}

interface SuperBlock extends KernelStruct {
    FileSystemType sType();
}

interface FileSystemType extends KernelStruct {
    @MaxBytes(16) String name();
}

interface TaskStruct extends KernelStruct {
    Nsproxy nsproxy();
}

interface Nsproxy extends KernelStruct {
    MntNamespace mntNs();
}

interface MntNamespace extends KernelStruct {
    NsCommon ns();
}

interface NsCommon extends KernelStruct {
    int inum();
}

// int path_mount(const char *dev_name, const struct path *path, const char *type_page, unsigned long flags, void *data_page)
interface PathMount extends FunctionArguments {
    long devName();
    Path path();
    long typePage();
    long flags();
}

// int path_umount(struct path *path, int flags)
interface PathUmount extends FunctionArguments {
    Path path();
    int flags();
}

// int security_move_mount(const struct path *from_path, const struct path *to_path), called by move_mount
interface MoveMount extends FunctionArguments {
    Path fromPath();
    Path toPath();
}

/** A call begins with what it is asked, for a path must be read before it is unmounted, and ends with who asked and the result. */
record Step(int tid, String call, @MaxBytes(64) String source, @MaxBytes(1024) String target, @MaxBytes(16) String type, long flags,
        int pid, String comm, int namespace, int result) {}

void main(String[] args) {
    var params = Args.of(args, "pid", "comm", "failed");
    var pid = params.getInt("pid", 0);
    var comm = params.get("comm", "");
    var failed = params.getBoolean("failed", false);

    var table = Table.live("TIME:8", "MNT_NS:10", "PID:7", "COMM:16", "CALL:10", "SOURCE:16", "TARGET:16", "TYPE:8", "FLAGS:8", "RESULT");
    var begun = new HashMap<Integer, Step>();
    try (var steps = RingBuffer.of(Step.class)) {
        steps.forEach(step -> {
            if (!step.call().isEmpty()) {
                begun.put(step.tid(), step);
                return;
            }
            var call = begun.remove(step.tid());
            if (call != null && (!failed || step.result() != 0)) {
                table.row(LocalTime.now(), Integer.toUnsignedLong(step.namespace()), step.pid(), step.comm(), call.call(), call.source(),
                        call.target(), call.type(), "0x%x".formatted(call.flags()), KernelErrno.describe(step.result()));
            }
        });
        ReturnHandler<Void> ended = (ri, regs) -> {
            if ((pid == 0 || Kernel.pid() == pid) && (comm.isEmpty() || Kernel.comm().equals(comm))) {
                int namespace = Kernel.current(TaskStruct.class).nsproxy().mntNs().ns().inum();
                steps.emit(new Step(Kernel.tid(), "", "", "", "", 0, Kernel.pid(), Kernel.comm(), namespace, (int) regs.returnValue()));
            }
            return 0;
        };
        var mount = Kretprobe.at("path_mount")
                .entryHandler((ri, regs) -> {
                    var call = regs.args(PathMount.class);
                    var source = Kernel.stringOrEmpty(call.devName(), 64);
                    var type = Kernel.stringOrEmpty(call.typePage(), 16);
                    steps.emit(new Step(Kernel.tid(), "mount", source, Kernel.path(call.path()), type, call.flags(), 0, "", 0, 0));
                    return 0;
                })
                .handler(ended)
                .register();
        var umount = Kretprobe.at("path_umount")
                .entryHandler((ri, regs) -> {
                    var path = regs.args(PathUmount.class).path();
                    var source = Kernel.containerOf(path.mnt(), Mount.class, "mnt").mntDevname();
                    var type = path.mnt().mntSb().sType().name();
                    var flags = regs.args(PathUmount.class).flags();
                    steps.emit(new Step(Kernel.tid(), "umount", source, Kernel.path(path), type, flags, 0, "", 0, 0));
                    return 0;
                })
                .handler(ended)
                .register();
        var move = Kprobe.at("security_move_mount")
                .preHandler((p, regs) -> {
                    var from = regs.args(MoveMount.class).fromPath().mnt();
                    var source = Kernel.containerOf(from, Mount.class, "mnt").mntDevname();
                    var type = from.mntSb().sType().name();
                    var target = Kernel.path(regs.args(MoveMount.class).toPath());
                    steps.emit(new Step(Kernel.tid(), "move_mount", source, target, type, 0, 0, "", 0, 0));
                    return 0;
                })
                .register();
        var moved = Kretprobe.at(KernelFunctions.systemCall("move_mount")).handler(ended).register();
        try (mount; umount; move; moved) {
            params.await();
        }
    }
}

// $ ./kprobe run --vm examples/MountSnoop.java -- sh -c 'mkdir -p /mnt/a /mnt/b; mount -t tmpfs -o ro,nosuid spool /mnt/a; mount --bind /mnt/a /mnt/b; umount /mnt/b; umount /mnt/a; umount /mnt/a; mount -t nosuchfs none /mnt/a'
// umount: /mnt/a: not mounted.
// mount: /mnt/a: special device none does not exist.
// TIME         MNT_NS     PID COMM             CALL       SOURCE           TARGET           TYPE     FLAGS    RESULT
// 12:38:39 4026531841     213 mount            mount      spool            /mnt/a           tmpfs    0x3      0
// 12:38:39 4026531841     214 mount            mount      /mnt/a           /mnt/b           none     0x1000   0
// 12:38:39 4026531841     215 umount           umount     spool            /mnt/b           tmpfs    0x0      0
// 12:38:39 4026531841     216 umount           umount     spool            /mnt/a           tmpfs    0x0      0
// 12:38:39 4026531841     217 umount           umount     overlay          /mnt/a           overlay  0x0      EINVAL
// 12:38:39 4026531841     218 mount            mount      none             /mnt/a           ext3     0x8000   ENOENT
// kprobe: __x64_sys_move_mount: 0 hits = 0 delivered
// kprobe: security_move_mount: 0 hits = 0 delivered
// kprobe: path_umount: 3 hits = 3 delivered
// kprobe: path_mount: 3 hits = 3 delivered
