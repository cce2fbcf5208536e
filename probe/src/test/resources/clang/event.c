// An event with five fields.
#include "probe.h"

struct event {
    u64 time;
    u32 pid;
    u32 padding;
    char comm[16];
    u64 ip;
    u64 flags;
};

SEC("pre") int handle(struct pt_regs *regs)
{
    HIT();
    struct event *e = ringbuf_reserve(&events, sizeof(*e), 0);
    if (!e) {
        COUNT(RING_FULL);
        return 0;
    }
    e->time = ktime_get_ns();
    e->pid = get_current_pid_tgid() >> 32;
    get_current_comm(e->comm, sizeof(e->comm));
    e->padding = 0;
    e->ip = regs->ip;
    e->flags = regs->flags;
    ringbuf_submit(e, 0);
    return 0;
}
