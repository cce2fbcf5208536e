package org.kprobe4j.compiler;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a handler's bytecode is, and the values that it captured.
 *
 * @param owner internal name of the class that holds the method, for example {@code KprobeExample}
 * @param method name of the method
 * @param descriptor descriptor of the method
 * @param captured values bound before the handler's own parameters, the receiver of an instance method first
 */
public record HandlerCode(String owner, String method, String descriptor, List<@Nullable Object> captured) {
    /** Copies the list. */
    public HandlerCode {
        captured = Collections.unmodifiableList(new ArrayList<>(captured));
    }

    /**
     * The source file that the owner's name leads to, for messages about the whole handler.
     *
     * @return for example {@code KprobeExample.java}
     */
    public String file() {
        String simple = owner.substring(owner.lastIndexOf('/') + 1);
        int nested = simple.indexOf('$', 1);
        return (nested < 0 ? simple : simple.substring(0, nested)) + ".java";
    }
}
