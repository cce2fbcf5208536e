package org.kprobe4j.cli.tool;

import org.kprobe4j.ProbeAccount;

/** The planted probes of a tool. All methods are called by the run's thread. */
public interface Planted extends AutoCloseable {
    /**
     * Shows what the tool has to say at the end of an interval ({@code -i}), and once more at the end of the run, for what is left; the
     * summary then.
     *
     * @param isLast whether the run ends: the probes are removed by then
     */
    void interval(boolean isLast);

    /** Removes the probes; what they counted can still be read. Called once, before the last {@link #interval}. */
    void remove();

    /** What became of the hits; after {@link #remove()}, of all. */
    ProbeAccount account();

    /** The account as the closing line has it. */
    default String closing() {
        return account().toString();
    }

    /**
     * A line that is to be known beside the account.
     *
     * @param remark as the probes say it
     * @return with short names for what has long ones
     */
    default String shortened(String remark) {
        return remark;
    }

    /** What the closing account calls it: the target as it was written, with the number of places if there are several. */
    String what();

    /** Frees maps and buffers. */
    @Override
    void close();
}
