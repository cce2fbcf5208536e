package org.kprobe4j.asm;

import java.util.Objects;

/**
 * A place in a program that can be jumped to or called: two labels are the same only if they are the same object, whatever their
 * names.
 */
public final class Label {
    private final String name;

    /**
     * A new label, which an {@link Instruction.Mark} then places.
     *
     * @param name for error messages; need not be unique
     */
    public Label(String name) {
        this.name = Objects.requireNonNull(name);
    }

    /**
     * The name given for error messages.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    @Override
    public String toString() {
        return name;
    }
}
