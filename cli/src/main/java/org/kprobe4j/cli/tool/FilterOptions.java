package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.cli.KprobeException;
import picocli.CommandLine.Option;

/** Which hits count: the options of every tool. Of several values of one option one must fit; of several options all must. */
public final class FilterOptions {
    @Option(names = "--pid", paramLabel = "PID", split = ",", description = "Only these processes.")
    private List<Integer> pids = new ArrayList<>();

    @Option(names = "--tid", paramLabel = "TID", split = ",", description = "Only these threads.")
    private List<Integer> tids = new ArrayList<>();

    @Option(
            names = "--comm",
            paramLabel = "NAME",
            description = "Only threads of this name; NAME* for those that begin so.")
    private List<String> comms = new ArrayList<>();

    @Option(names = "--uid", paramLabel = "USER", split = ",", description = "Only these users, by number or name.")
    private List<String> users = new ArrayList<>();

    @Option(
            names = "--cgroup",
            paramLabel = "GROUP",
            description = "Only what is in this control group: a path, a number, or the beginning of a container's id.")
    private List<String> cgroups = new ArrayList<>();

    @Option(
            names = "--cpu",
            paramLabel = "CPU",
            split = ",",
            description = "Only on these processors; 2-5 for a range.")
    private List<String> cpus = new ArrayList<>();

    @Option(
            names = "--when",
            paramLabel = "EXPR",
            description = "Only where this is true, for example 'count > 4096 && comm == \"java\"'.")
    private List<String> conditions = new ArrayList<>();

    /** No filter. */
    public FilterOptions() {}

    /** Refuses what is written wrongly, as far as it can be known without the kernel that is looked at. */
    void check() {
        check("--pid", "process", pids);
        check("--tid", "thread", tids);
        var _ = uids();
        var _ = cpus();
    }

    private static void check(String option, String what, List<Integer> numbers) {
        for (Integer number : numbers) {
            if (number < 1) {
                throw new KprobeException("%s %d: not the number of a %s".formatted(option, number, what));
            }
        }
    }

    /** Refuses what this machine does not have. */
    void checkHere() {
        ThisMachine.require("--pid", "process", pids);
        ThisMachine.require("--tid", "thread", tids);
        ThisMachine.requireCpus(cpus());
    }

    /** Processes by number; empty for all. */
    public List<Integer> pids() {
        return List.copyOf(pids);
    }

    /** Threads by number; empty for all. */
    public List<Integer> tids() {
        return List.copyOf(tids);
    }

    /** Names of threads, perhaps with a star at the end; empty for all. */
    public List<String> comms() {
        return List.copyOf(comms);
    }

    /** Users by number; empty for all. */
    public List<Integer> uids() {
        return users.stream().map(Users::number).toList();
    }

    /** Control groups by number; empty for all. Those below one of them belong to it. */
    public List<Long> cgroups() {
        return cgroups.stream()
                .flatMap(group -> ControlGroups.below(group).stream())
                .distinct()
                .toList();
    }

    /** Processors by number; empty for all. */
    public List<Integer> cpus() {
        return cpus.stream()
                .flatMap(text -> Ranges.parse("--cpu", text).stream())
                .distinct()
                .sorted()
                .toList();
    }

    /** Expressions; all must be true. */
    public List<String> conditions() {
        return List.copyOf(conditions);
    }
}
