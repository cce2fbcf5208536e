package org.kprobe4j.compiler.internal.ir;

import org.jspecify.annotations.Nullable;

/** A place in the handler's source. */
public record Position(String file, int line) {
    // Written out: a record's own are linked at run time, which a JVM that has just started feels.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Position place && place.line == line && place.file.equals(file);
    }

    @Override
    public int hashCode() {
        return 31 * line + file.hashCode();
    }
}
