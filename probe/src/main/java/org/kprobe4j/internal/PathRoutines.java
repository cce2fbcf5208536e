package org.kprobe4j.internal;

import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Name;

/**
 * The names of files, as the kernel's own d_path() puts them together: from the end to the root, each name before what is there
 * already. It is compiled into handlers, in the place of {@code Kernel.path} and {@code Kernel.dentryPath}. The verifier follows each
 * way through the loops, so their bounds are constants and small.
 *
 * <p>Source: prepend_path() in fs/d_path.c.
 */
@SuppressWarnings({"unused", "ReferenceEquality"}) // called by handlers' bytecode only, where == compares addresses
final class PathRoutines {
    /** Most names, and mounts crossed, in one path. */
    static final int MAX_STEPS = 32;

    /** Room for a path. */
    static final int ROOM = 1024;

    /** Where a path ends in its room: behind it are the NUL and space for the cut mark. */
    private static final int END = ROOM - 8;

    /** NAME_MAX. */
    private static final int MAX_NAME = 255;

    /** The structure with the two halves of a file's place. */
    @Name("path")
    interface Path extends KernelStruct {
        VfsMount mnt();

        Dentry dentry();
    }

    @Name("file")
    interface File extends KernelStruct {
        @Name("f_path")
        Path path();
    }

    @Name("vfsmount")
    interface VfsMount extends KernelStruct {
        @Name("mnt_root")
        Dentry root();
    }

    @Name("mount")
    interface Mount extends KernelStruct {
        @Name("mnt_parent")
        Mount parent();

        @Name("mnt_mountpoint")
        Dentry mountpoint();

        VfsMount mnt();
    }

    @Name("dentry")
    interface Dentry extends KernelStruct {
        @Name("d_parent")
        Dentry parent();

        @Name("d_name")
        Qstr name();
    }

    @Name("qstr")
    interface Qstr extends KernelStruct {
        int len();

        @Name("name")
        long text();
    }

    @Name("task_struct")
    interface Task extends KernelStruct {
        FsStruct fs();
    }

    @Name("fs_struct")
    interface FsStruct extends KernelStruct {
        Path root();
    }

    private PathRoutines() {}

    /** The text in an array from a start up to its NUL; the array is not changed any more. */
    private static native String view(byte[] room, int start);

    static String path(File file) {
        return path(file.path());
    }

    static String path(Path path) {
        byte[] room = new byte[ROOM];
        Task task = Kernel.current(Task.class);
        // A task that is ending has no fs any more: its paths are followed up to the global root.
        FsStruct fs = task.fs();
        boolean rooted = !fs.isNull();
        Dentry rootDentry = rooted ? fs.root().dentry() : Kernel.struct(0, Dentry.class);
        VfsMount rootMount = rooted ? fs.root().mnt() : Kernel.struct(0, VfsMount.class);
        Dentry dentry = path.dentry();
        Mount mount = Kernel.containerOf(path.mnt(), Mount.class, "mnt");
        int start = END;
        for (int i = 0; i < MAX_STEPS; i++) {
            if (dentry == rootDentry && mount.mnt() == rootMount) {
                return finished(room, start);
            }
            Dentry parent = dentry.parent();
            if (dentry == mount.mnt().root()) {
                Mount above = mount.parent();
                if (above == mount) {
                    return rooted ? unreachable(room, start) : finished(room, start);
                }
                dentry = mount.mountpoint();
                mount = above;
            } else if (parent == dentry) {
                return unreachable(room, start);
            } else {
                start = prepend(room, start, dentry.name());
                if (start < 0) {
                    return cut(room, -start);
                }
                dentry = parent;
            }
        }
        return cut(room, start);
    }

    static String dentryPath(Dentry from) {
        byte[] room = new byte[ROOM];
        Dentry dentry = from;
        int start = END;
        for (int i = 0; i < MAX_STEPS; i++) {
            Dentry parent = dentry.parent();
            if (parent == dentry) {
                return finished(room, start);
            }
            start = prepend(room, start, dentry.name());
            if (start < 0) {
                return cut(room, -start);
            }
            dentry = parent;
        }
        return cut(room, start);
    }

    /** Puts a slash and a name before what is there; where it starts then, or the negative old start if there is no room. */
    private static int prepend(byte[] room, int start, Qstr name) {
        int length = name.len();
        int at = start - length - 1;
        if (length < 0 || length > MAX_NAME || at < 16) {
            return -start;
        }
        room[at] = '/';
        Kernel.read(name.text(), room, at + 1, length);
        return at;
    }

    private static String finished(byte[] room, int start) {
        if (start == END) {
            room[END - 1] = '/';
            return view(room, END - 1);
        }
        return view(room, start);
    }

    /** As the kernel marks what the task cannot reach from its root. */
    private static String unreachable(byte[] room, int start) {
        int at = start - 13;
        room[at] = '(';
        room[at + 1] = 'u';
        room[at + 2] = 'n';
        room[at + 3] = 'r';
        room[at + 4] = 'e';
        room[at + 5] = 'a';
        room[at + 6] = 'c';
        room[at + 7] = 'h';
        room[at + 8] = 'a';
        room[at + 9] = 'b';
        room[at + 10] = 'l';
        room[at + 11] = 'e';
        room[at + 12] = ')';
        return view(room, at);
    }

    /** An ellipsis in UTF-8 stands for the names that are missing. */
    private static String cut(byte[] room, int start) {
        room[start - 3] = (byte) 0xe2;
        room[start - 2] = (byte) 0x80;
        room[start - 1] = (byte) 0xa6;
        return view(room, start - 3);
    }
}
