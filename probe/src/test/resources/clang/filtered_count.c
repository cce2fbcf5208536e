// Counts one process's hits.
#include "probe.h"

u64 hits[1] SEC(".data.hits");

SEC("pre") int handle(struct pt_regs *regs)
{
    HIT();
    if (get_current_pid_tgid() >> 32 != 42)
        return 0;
    __sync_fetch_and_add(&hits[0], 1);
    return 0;
}
