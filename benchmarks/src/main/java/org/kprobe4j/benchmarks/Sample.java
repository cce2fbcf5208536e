package org.kprobe4j.benchmarks;

import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;

/** A handler of thirty lines that reads structures, counts in its private data, loops, calls a helper method and prints. */
final class Sample {
    static final class Data {
        long stamp;
        int calls;
        int kind;
    }

    interface TaskStruct extends KernelStruct {
        MmStruct mm();

        int pid();

        int tgid();

        long startTime();
    }

    interface MmStruct extends KernelStruct {
        int mmUsers();

        long totalVm();
    }

    interface File extends KernelStruct {
        int fFlags();

        Path fPath();
    }

    interface Path extends KernelStruct {
        Dentry dentry();
    }

    interface Dentry extends KernelStruct {
        Inode dInode();
    }

    interface Inode extends KernelStruct {
        long iIno();

        int iUid();

        SuperBlock iSb();
    }

    interface SuperBlock extends KernelStruct {
        int sDev();
    }

    private Sample() {}

    private static int kind(long size, int flags) {
        return switch (flags & 3) {
            case 0 -> size > 4096 ? 1 : 0;
            case 1 -> 2;
            default -> (int) (size / 512) + 3;
        };
    }

    static final EntryHandler<Data> HANDLER = (ri, regs) -> {
        var task = Kernel.current(TaskStruct.class);
        var mm = task.mm();
        if (mm.isNull() || task.pid() != task.tgid()) {
            return 1;
        }
        var file = Kernel.struct(regs.arg(0), File.class);
        var inode = file.fPath().dentry().dInode();
        if (inode.isNull()) {
            return 1;
        }
        long size = regs.arg(2);
        int flags = file.fFlags();
        int kind = kind(size, flags);
        long mixed = inode.iIno();
        for (int i = 0; i < 8; i++) {
            mixed ^= mixed >>> (i + 1);
            if ((mixed & 7) == kind) {
                mixed += size;
            } else {
                mixed -= i * (long) flags;
            }
        }
        var data = ri.data();
        data.stamp = Kernel.ktimeNs() - task.startTime();
        data.calls++;
        data.kind = kind;
        int dev = inode.iSb().sDev();
        Kernel.printf(
                "%s: %s %d reads %d:%d of inode %d",
                ri.symbolName(), Kernel.comm(), task.pid(), dev >>> 20, dev & 0xfffff, mixed);
        Kernel.printf("uid %d, %d pages, %d users", inode.iUid(), mm.totalVm(), mm.mmUsers());
        return 0;
    };
}
