package org.kprobe4j.cli.tool;

import java.util.List;
import org.kprobe4j.internal.Runs;

/** The closing account on standard error: one line for all probes of the run, then what is to be known beside it. */
final class Closing {
    private Closing() {}

    static void print(Planted planted) {
        System.err.println("kprobe: %s: %s".formatted(planted.what(), planted.closing()));
        List<String> remarks = Runs.takeRemarks();
        remarks.forEach(remark -> System.err.println("kprobe: " + planted.shortened(remark)));
    }
}
