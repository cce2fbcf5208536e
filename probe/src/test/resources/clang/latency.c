// From entry to return, as a histogram of powers of two: one call's time is kept with its task under its place and stack pointer.
#include "probe.h"

enum { BPF_NOEXIST = 1, EEXIST = 17 };

struct key {
    u64 place, sp;
};

struct call {
    u64 task, start;
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

// A call that never returned left its entry on this stack.
static inline __attribute__((always_inline)) void take_out(struct key *key)
{
    struct call *left = map_lookup_elem(&calls, key);
    if (left) {
        if (left->task == get_current_pid_tgid()) {
            if (!(int)map_delete_elem(&calls, key))
                COUNT(RETURN_LOST);
        } else if (!(int)map_delete_elem(&calls, key)) {
            COUNT(ENDED_INSIDE);
        }
    }
}

SEC("pre") int entry(struct pt_regs *regs)
{
    HIT();
    struct call call = { 0, ktime_get_ns() };
    struct key key = { 0, regs->sp };
    call.task = get_current_pid_tgid();
    int failed = map_update_elem(&calls, &key, &call, BPF_NOEXIST);
    if (failed == -EEXIST) {
        take_out(&key);
        failed = map_update_elem(&calls, &key, &call, BPF_NOEXIST);
    }
    if (failed)
        COUNT(MAP_FULL);
    return 0;
}

SEC("return") int back(struct pt_regs *regs)
{
    COUNT(HITS);
    struct key key = { 0, regs->sp - 8 };
    struct call *call = map_lookup_elem(&calls, &key);
    if (!call || call->task >> 32 != get_current_pid_tgid() >> 32) {
        COUNT(FILTERED);
        return 0;
    }
    u64 delta = ktime_get_ns() - call->start;
    __sync_fetch_and_add(&latency[bits(delta) & 127], 1);
    map_delete_elem(&calls, &key);
    return 0;
}
