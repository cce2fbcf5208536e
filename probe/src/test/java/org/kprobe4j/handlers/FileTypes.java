package org.kprobe4j.handlers;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfWriter;

/** From an open file to its device: {@code file->f_path.dentry->d_inode->i_sb->s_dev}. */
final class FileTypes {
    interface File extends KernelStruct {
        Path fPath();
    }

    interface Path extends KernelStruct {
        Dentry dentry();
    }

    interface Dentry extends KernelStruct {
        Inode dInode();
    }

    interface Inode extends KernelStruct {
        @org.kprobe4j.Name("i_sb")
        SuperBlock superBlock();
    }

    interface SuperBlock extends KernelStruct {
        int sDev();
    }

    static final int DENTRY_IN_FILE = 72;
    static final int INODE_IN_DENTRY = 48;
    static final int SUPER_BLOCK_IN_INODE = 40;
    static final int DEV_IN_SUPER_BLOCK = 16;

    private FileTypes() {}

    static Optional<Btf> btf() {
        var out = new BtfWriter();
        int u32 = out.integer("unsigned int", 4, false);
        out.integer("unsigned long", 8, false);
        int superBlock = out.struct("super_block", 64, List.of(member("s_dev", u32, DEV_IN_SUPER_BLOCK)));
        int inode = out.struct("inode", 64, List.of(member("i_sb", out.pointer(superBlock), SUPER_BLOCK_IN_INODE)));
        int dentry = out.struct("dentry", 64, List.of(member("d_inode", out.pointer(inode), INODE_IN_DENTRY)));
        int path = out.struct("path", 16, List.of(member("dentry", out.pointer(dentry), 8)));
        out.struct("file", 128, List.of(member("f_path", path, DENTRY_IN_FILE - 8)));
        return Optional.of(Btf.parse(ByteBuffer.wrap(out.toBytes(ByteOrder.LITTLE_ENDIAN))));
    }

    private static Member member(String name, int type, int offset) {
        return new Member(name, type, offset * Byte.SIZE, 0);
    }

    /** A file at an address, on a device. */
    static void open(FakeKernel kernel, long address, int dev) {
        kernel.kernel.put(address, struct(DENTRY_IN_FILE, address + 0x1000));
        kernel.kernel.put(address + 0x1000, struct(INODE_IN_DENTRY, address + 0x2000));
        kernel.kernel.put(address + 0x2000, struct(SUPER_BLOCK_IN_INODE, address + 0x3000));
        kernel.kernel.put(address + 0x3000, struct(DEV_IN_SUPER_BLOCK, dev));
    }

    private static byte[] struct(int offset, long content) {
        return ByteBuffer.allocate(128)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(offset, content)
                .array();
    }
}
