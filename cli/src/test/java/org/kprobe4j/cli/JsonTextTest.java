package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JsonTextTest {
    @Test
    void membersArraysAndWhatMustBeEscaped() {
        String text = new JsonText()
                .object("")
                .put("a", "q\" b\\ n\n t\t c\u0001 é")
                .array("list")
                .put("", 1)
                .put("", true)
                .object("")
                .endObject()
                .endArray()
                .object("inner")
                .put("n", -1)
                .endObject()
                .endObject()
                .toString();
        assertThat(text)
                .isEqualTo("{\"a\":\"q\\\" b\\\\ n\\n t\\t c\\u0001 é\",\"list\":[1,true,{}],\"inner\":{\"n\":-1}}");
    }
}
