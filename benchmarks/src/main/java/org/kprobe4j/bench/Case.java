package org.kprobe4j.bench;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A row of the table: a probe of ours and what does the same work elsewhere.
 *
 * @param name what it is called on the command line
 * @param work what it does at each hit
 * @param goal the instructions per hit that it should not exceed
 * @param body the probe
 * @param peers other tools' commands
 */
record Case(String name, String work, OptionalInt goal, OwnCases.Body body, List<Peer> peers) {
    /** Keeps its own copy of the list. */
    Case {
        peers = List.copyOf(peers);
    }

    private static final String LATENCY = "@start[tid] = nsecs; } %s:null_lseek /@start[tid]/ "
            + "{ @ = hist(nsecs - @start[tid]); delete(@start[tid]); }";

    private static final List<Case> TABLE = List.of(
            of(
                    "count",
                    "count, nothing else read",
                    140,
                    OwnCases::count,
                    Peer.bpftrace("fentry", "fentry:null_lseek { @ = count(); }"),
                    Peer.bpftrace("kprobe", "kprobe:null_lseek { @ = count(); }"),
                    Peer.perf("perf stat", "stat", "-a", "-e", Peer.EVENT)),
            of(
                    "filter-hit",
                    "count if the pid is one, which it is",
                    OwnCases::filteredHit,
                    Peer.bpftrace("kprobe", "kprobe:null_lseek /pid == PID/ { @ = count(); }")),
            of(
                    "filter-out",
                    "count if the pid is one, which it is not",
                    OwnCases::filteredOut,
                    Peer.bpftrace("kprobe", "kprobe:null_lseek /pid == 1/ { @ = count(); }")),
            of(
                    "registers",
                    "count, ip and flags read",
                    270,
                    OwnCases::registers,
                    Peer.bpftrace(
                            "kprobe", "kprobe:null_lseek /reg(\"ip\") != 0 && reg(\"flags\") != 0/ { @ = count(); }")),
            of(
                    "arguments",
                    "count, two arguments read",
                    OwnCases::arguments,
                    Peer.bpftrace("fentry", "fentry:null_lseek /args.offset == 0 && args.orig == 0/ { @ = count(); }"),
                    Peer.bpftrace("kprobe", "kprobe:null_lseek /arg1 == 0 && arg2 == 0/ { @ = count(); }")),
            of("post", "count in the post handler", OwnCases::post),
            of(
                    "returns",
                    "count of returns",
                    200,
                    OwnCases::returns,
                    Peer.bpftrace("fexit", "fexit:null_lseek { @ = count(); }"),
                    Peer.bpftrace("kretprobe", "kretprobe:null_lseek { @ = count(); }")),
            of(
                    "latency",
                    "histogram of the time from entry to return",
                    690,
                    OwnCases::latency,
                    Peer.bpftrace("fentry+fexit", "fentry:null_lseek { " + LATENCY.formatted("fexit")),
                    Peer.bpftrace("kprobe+kretprobe", "kprobe:null_lseek { " + LATENCY.formatted("kretprobe"))),
            of(
                    "event",
                    "event of time, pid, comm, ip, flags",
                    620,
                    OwnCases::event,
                    Peer.perf("perf record", "record", "-a", "-e", Peer.EVENT, "-o", "/dev/shm/perf.data")),
            of(
                    "event-read",
                    "the same, read while it runs",
                    OwnCases::eventRead,
                    Peer.bpftrace(
                            "printf",
                            "kprobe:null_lseek { printf(\"%llu %d %s %llx %llx\\n\", nsecs, pid, comm, reg(\"ip\"), reg(\"flags\")); }")),
            of(
                    "stack",
                    "count by kernel stack",
                    4_100,
                    OwnCases::stack,
                    Peer.bpftrace("kstack", "kprobe:null_lseek { @[kstack] = count(); }")));

    private static Case of(String name, String work, int goal, OwnCases.Body body, Peer... peers) {
        return new Case(name, work, OptionalInt.of(goal), body, List.of(peers));
    }

    private static Case of(String name, String work, OwnCases.Body body, Peer... peers) {
        return new Case(name, work, OptionalInt.empty(), body, List.of(peers));
    }

    /** All of them. */
    static List<Case> table() {
        return TABLE;
    }

    static Optional<Case> named(String name) {
        return TABLE.stream().filter(one -> one.name.equals(name)).findFirst();
    }
}
