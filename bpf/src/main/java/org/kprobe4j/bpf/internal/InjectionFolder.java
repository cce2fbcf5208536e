package org.kprobe4j.bpf.internal;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.kprobe4j.bpf.symbols.InjectableFunction;

/** The file of /sys/kernel/debug/error_injection, and why it cannot be read. */
public final class InjectionFolder {
    private static final String LIST = "error_injection/list";

    /** {@code open_ctree [btrfs]  ERRNO}: name, module if any, a tab, kind. Source: ei_seq_show() in lib/error-inject.c. */
    private static final Pattern LINE =
            Pattern.compile("(?m)^([^\\s+]+)(?:\\+0x\\S+)?(?:\\s+\\[([^\\]]+)])?\\s+([A-Z_()?]+)$");

    private InjectionFolder() {}

    /**
     * The functions that may fail on purpose.
     *
     * @param calls the kernel
     * @return in the kernel's order
     */
    public static List<InjectableFunction> list(SystemCalls calls) {
        String text = DebugFile.read(calls, LIST, "this kernel cannot inject errors (CONFIG_FUNCTION_ERROR_INJECTION)");
        return LINE.matcher(text).results().map(InjectionFolder::function).toList();
    }

    private static InjectableFunction function(MatchResult line) {
        return new InjectableFunction(line.group(1), line.group(2), line.group(3));
    }
}
