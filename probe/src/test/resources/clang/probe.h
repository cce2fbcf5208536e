// What the C programs share: helpers, maps, and the account that kprobe4j keeps around every handler.
typedef unsigned long u64;
typedef unsigned int u32;

#define SEC(name) __attribute__((section(name), used))

struct pt_regs {
    u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

static void *(*const map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*const ktime_get_ns)(void) = (void *)5;
static u64 (*const get_current_pid_tgid)(void) = (void *)14;
static long (*const get_current_comm)(void *buffer, u32 size) = (void *)16;
static u64 (*const get_current_task)(void) = (void *)35;
static long (*const probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static void *(*const ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*const ringbuf_submit)(void *record, u64 flags) = (void *)132;

struct map {
    u32 unused;
};

struct map events SEC(".maps");
struct map calls SEC(".maps");

enum { HITS, FILTERED, RING_FULL, MAP_FULL, NO_INSTANCE, ENTRIES_LOST, ENDED_INSIDE, RETURN_LOST, ON, FAULTS };

#ifdef ACCOUNT
u64 account[16] SEC(".data.account");
#define COUNT(slot) __sync_fetch_and_add(&account[slot], 1)
// A hit of a probe that is switched on.
#define HIT()                                     \
    do {                                          \
        u64 on = account[ON];                     \
        if (on == 0)                              \
            return 0;                             \
        __sync_fetch_and_add(&account[HITS], on); \
    } while (0)
// A read that faults ends the handler and is counted.
#define READ(site, to, from)                                   \
    do {                                                       \
        if (probe_read_kernel(&(to), sizeof(to), from) != 0) { \
            COUNT(FAULTS + site);                              \
            return 0;                                          \
        }                                                      \
    } while (0)
#else
#define COUNT(slot)
#define HIT()
#define READ(site, to, from) probe_read_kernel(&(to), sizeof(to), from)
#endif
