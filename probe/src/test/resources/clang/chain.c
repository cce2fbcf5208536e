// file->f_path.dentry->d_inode->i_sb->s_dev, with the offsets of FileTypes.
#include "probe.h"

SEC("pre") int handle(struct pt_regs *regs)
{
    HIT();
    char *dentry, *inode, *sb;
    u32 dev;
    READ(0, dentry, (char *)regs->di + 72);
    READ(1, inode, dentry + 48);
    READ(2, sb, inode + 40);
    READ(3, dev, sb + 16);
    u64 *e = ringbuf_reserve(&events, sizeof(*e), 0);
    if (!e) {
        COUNT(RING_FULL);
        return 0;
    }
    *e = dev;
    ringbuf_submit(e, 0);
    return 0;
}
