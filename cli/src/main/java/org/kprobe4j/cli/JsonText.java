package org.kprobe4j.cli;

/** A JSON object on one line, written member by member. Not safe for use by several threads. */
public final class JsonText {
    private final StringBuilder text = new StringBuilder();
    private boolean first = true;

    /** Begins a text. */
    public JsonText() {}

    /**
     * Begins an object, or with a name an object that is a member.
     *
     * @param name empty within an array, or outside of all
     * @return this
     */
    public JsonText object(String name) {
        name(name);
        text.append('{');
        first = true;
        return this;
    }

    /**
     * Begins an array that is a member.
     *
     * @param name the member
     * @return this
     */
    public JsonText array(String name) {
        name(name);
        text.append('[');
        first = true;
        return this;
    }

    /**
     * Ends an object.
     *
     * @return this
     */
    public JsonText endObject() {
        text.append('}');
        first = false;
        return this;
    }

    /**
     * Ends an array.
     *
     * @return this
     */
    public JsonText endArray() {
        text.append(']');
        first = false;
        return this;
    }

    /**
     * A text.
     *
     * @param name empty within an array
     * @param value the text
     * @return this
     */
    public JsonText put(String name, String value) {
        name(name);
        quote(value);
        return this;
    }

    /**
     * A number.
     *
     * @param name empty within an array
     * @param value the number
     * @return this
     */
    public JsonText put(String name, long value) {
        name(name);
        text.append(value);
        return this;
    }

    /**
     * Yes or no.
     *
     * @param name empty within an array
     * @param value true or false
     * @return this
     */
    public JsonText put(String name, boolean value) {
        name(name);
        text.append(value);
        return this;
    }

    private void name(String name) {
        if (!first) {
            text.append(',');
        }
        first = false;
        if (!name.isEmpty()) {
            quote(name);
            text.append(':');
        }
    }

    private void quote(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"', '\\' -> text.append('\\').append(c);
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                default -> {
                    if (c < ' ') {
                        text.append("\\u00")
                                .append(Character.forDigit(c >> 4, 16))
                                .append(Character.forDigit(c & 15, 16));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
