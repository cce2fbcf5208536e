package org.kprobe4j.cli.tool;

/** What a tool does within its run: it plants, once, and what it planted is asked for its results until the run ends. */
@FunctionalInterface
public interface Tool {
    /**
     * Plants the tool's probes. A command that is to be looked at exists then, and has not executed an instruction of its own.
     *
     * @param run what the handlers need of the run
     * @return what was planted; the run closes it
     */
    Planted plant(ToolRun run);
}
