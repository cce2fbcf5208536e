// One process's hits, with an argument each.
#include "probe.h"

SEC("pre") int handle(struct pt_regs *regs)
{
    HIT();
    if (get_current_pid_tgid() >> 32 != 42)
        return 0;
    u64 *e = ringbuf_reserve(&events, sizeof(*e), 0);
    if (!e) {
        COUNT(RING_FULL);
        return 0;
    }
    *e = regs->si;
    ringbuf_submit(e, 0);
    return 0;
}
