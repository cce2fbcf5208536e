package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Name;
import org.kprobe4j.PreHandler;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.compiler.Architecture;

/**
 * Names of files on a made-up file system: {@code /} and, on {@code /home}, another mount.
 *
 * <pre>{@code
 * struct qstr { u64 hash_len (len in the upper half); const char *name; };
 * struct dentry { struct dentry *d_parent; struct qstr d_name; };
 * struct vfsmount { struct dentry *mnt_root; };
 * struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; };
 * struct path { struct vfsmount *mnt; struct dentry *dentry; };
 * struct file { u64 f_pos; struct path f_path; };
 * }</pre>
 */
@SuppressWarnings("unused")
class PathTest {
    private static final int MNT = 16;

    @Name("file")
    interface File extends KernelStruct {
        @Name("f_path")
        Where path();
    }

    @Name("path")
    interface Where extends KernelStruct {
        Dentry dentry();
    }

    interface Dentry extends KernelStruct {}

    interface Qstr extends KernelStruct {}

    private final FakeKernel kernel = new FakeKernel();
    private final Handlers handlers = new Handlers().btf(PathTest::btf);
    private long next = 0xffff_9000_1000_0000L;
    private long root;
    private long rootMount;
    private long home;
    private long homeMount;

    static Optional<Btf> btf() {
        var out = new BtfWriter();
        int character = out.integer("char", 1, true);
        int u32 = out.integer("unsigned int", 4, false);
        int u64 = out.integer("unsigned long", 8, false);
        int text = out.pointer(out.modifier(BtfKind.CONST, character));
        int qstr =
                out.struct("qstr", 16, List.of(member("hash", u32, 0), member("len", u32, 4), member("name", text, 8)));
        int toDentry = out.pointer(qstr + 2);
        out.struct("dentry", 24, List.of(member("d_parent", toDentry, 0), member("d_name", qstr, 8)));
        int vfsmount = out.struct("vfsmount", 8, List.of(member("mnt_root", toDentry, 0)));
        int toMount = out.pointer(vfsmount + 2);
        out.struct(
                "mount",
                24,
                List.of(
                        member("mnt_parent", toMount, 0),
                        member("mnt_mountpoint", toDentry, 8),
                        member("mnt", vfsmount, MNT)));
        int toVfsmount = out.pointer(vfsmount);
        int path = out.struct("path", 16, List.of(member("mnt", toVfsmount, 0), member("dentry", toDentry, 8)));
        out.struct("file", 24, List.of(member("f_pos", u64, 0), member("f_path", path, 8)));
        int fs = out.struct("fs_struct", 24, List.of(member("users", u64, 0), member("root", path, 8)));
        int toFs = out.pointer(fs);
        out.struct("task_struct", 16, List.of(member("pid", u64, 0), member("fs", toFs, 8)));
        return Optional.of(Btf.parse(ByteBuffer.wrap(out.toBytes(ByteOrder.LITTLE_ENDIAN))));
    }

    private static Member member(String name, int type, int offset) {
        return new Member(name, type, offset * 8, 0);
    }

    private long put(byte[] bytes) {
        long address = next;
        next += 0x1000;
        kernel.kernel.put(address, bytes);
        return address;
    }

    private long words(long... words) {
        var bytes = ByteBuffer.allocate(words.length * 8).order(ByteOrder.LITTLE_ENDIAN);
        for (long word : words) {
            bytes.putLong(word);
        }
        return put(bytes.array());
    }

    /** A directory entry; 0 stands for itself as its parent. */
    private long dentry(long parent, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        long text = put(bytes);
        long self = next;
        return words(parent == 0 ? self : parent, (long) bytes.length << 32 | 0x1234, text);
    }

    private long mount(long parent, long mountpoint, long rootDentry) {
        long self = next;
        return words(parent == 0 ? self : parent, mountpoint, rootDentry);
    }

    @BeforeEach
    void files() {
        root = dentry(0, "/");
        rootMount = mount(0, root, root);
        home = dentry(0, "/");
        homeMount = mount(rootMount, dentry(root, "home"), home);
        chroot(rootMount, root);
    }

    private void chroot(long mount, long dentry) {
        kernel.task = words(1, words(0, mount + MNT, dentry));
    }

    private String path(long mount, long dentry) {
        kernel.rings.clear();
        PreHandler handler = (p, regs) -> {
            var file = Kernel.struct(regs.arg(0), File.class);
            String name = Kernel.path(file.path());
            Kernel.printf(
                    "%s|%b|%s|%b",
                    name,
                    name.equals(Kernel.path(file)),
                    Kernel.dentryPath(file.path().dentry()),
                    Kernel.path(file).startsWith("/home/"));
            return 0;
        };
        var hit = Handlers.hit(
                handlers.pre(handler), kernel, Handlers.context(Architecture.X86_64, words(0, mount + MNT, dentry)));
        assertThat(hit.faults()).isEmpty();
        return hit.lines().getFirst();
    }

    @Test
    void in_the_root_and_across_a_mount() {
        assertThat(path(rootMount, root)).isEqualTo("/|true|/|false");
        long usr = dentry(root, "usr");
        assertThat(path(rootMount, dentry(usr, "bin"))).isEqualTo("/usr/bin|true|/usr/bin|false");
        assertThat(path(homeMount, home)).isEqualTo("/home|true|/|false");
        assertThat(path(homeMount, dentry(dentry(home, "jürgen"), "a b")))
                .isEqualTo("/home/jürgen/a b|true|/jürgen/a b|true");
    }

    @Test
    void in_another_root() {
        long jail = dentry(home, "jail");
        chroot(homeMount, jail);
        assertThat(path(homeMount, dentry(jail, "etc"))).isEqualTo("/etc|true|/jail/etc|false");
        assertThat(path(homeMount, jail)).isEqualTo("/|true|/jail|false");
        assertThat(path(rootMount, dentry(root, "etc"))).isEqualTo("(unreachable)/etc|true|/etc|false");
    }

    @Test
    void a_task_that_is_ending() {
        kernel.task = words(1, 0);
        assertThat(path(homeMount, dentry(home, "x"))).isEqualTo("/home/x|true|/x|true");
    }

    @Test
    void too_long() {
        long at = home;
        var expected = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            at = dentry(at, "d" + i);
            expected.append("/d").append(i);
        }
        String last = expected.substring(expected.indexOf("/d8/"));
        assertThat(path(homeMount, at)).isEqualTo("…" + last + "|true|…" + last + "|false");
        at = dentry(root, "x".repeat(255));
        for (int i = 0; i < 6; i++) {
            at = dentry(at, "y".repeat(255));
        }
        String three = ("/" + "y".repeat(255)).repeat(3);
        assertThat(path(rootMount, at)).isEqualTo("…" + three + "|true|…" + three + "|false");
    }

    @Test
    void of_other_structures() {
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    var dentry = Kernel.struct(regs.arg(0), Dentry.class);
                    String name = Kernel.path(dentry);
                    return name.isEmpty() ? 1 : 0;
                },
                "1: Kernel.path needs a struct path or a struct file, this is struct dentry; use Kernel.dentryPath");
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    var name = Kernel.struct(regs.arg(0), Qstr.class);
                    String path = Kernel.dentryPath(name);
                    return path.isEmpty() ? 1 : 0;
                },
                "1: Kernel.dentryPath needs a struct dentry, this is struct qstr");
    }
}
