// From entry to return, as a histogram of powers of two: one call's time is kept under its task and stack pointer.
#include "probe.h"

struct key {
    u32 tid, place;
    u64 sp;
};

u64 latency[128] SEC(".data.latency");

// The number of bits, in the five steps that are customary.
static inline __attribute__((always_inline)) u32 bits32(u32 v)
{
    u32 shift, r;
    r = (v > 0xffff) << 4;
    v >>= r;
    shift = (v > 0xff) << 3;
    v >>= shift;
    r |= shift;
    shift = (v > 0xf) << 2;
    v >>= shift;
    r |= shift;
    shift = (v > 0x3) << 1;
    v >>= shift;
    r |= shift;
    r |= v >> 1;
    return r + 1;
}

static inline __attribute__((always_inline)) u32 bits(u64 v)
{
    u32 high = v >> 32;
    return high ? bits32(high) + 32 : v ? bits32(v) : 0;
}

SEC("pre") int entry(struct pt_regs *regs)
{
    COUNT(HITS);
    u64 start = ktime_get_ns();
    struct key key = { get_current_pid_tgid(), 0, regs->sp };
    if (map_update_elem(&calls, &key, &start, 0))
        COUNT(MAP_FULL);
    return 0;
}

SEC("return") int back(struct pt_regs *regs)
{
    COUNT(HITS);
    struct key key = { get_current_pid_tgid(), 0, regs->sp - 8 };
    u64 *start = map_lookup_elem(&calls, &key);
    if (!start) {
        COUNT(FILTERED);
        return 0;
    }
    u64 delta = ktime_get_ns() - *start;
    __sync_fetch_and_add(&latency[bits(delta) & 127], 1);
    map_delete_elem(&calls, &key);
    return 0;
}
