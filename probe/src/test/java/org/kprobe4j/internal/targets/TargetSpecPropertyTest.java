package org.kprobe4j.internal.targets;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever is written is a target or refused at a place of it. */
class TargetSpecPropertyTest {
    @Provide
    Arbitrary<String> likeTargets() {
        return Arbitraries.of(
                        "vfs_read",
                        "*",
                        "?",
                        "!",
                        ",",
                        "+",
                        "0x",
                        "0",
                        "f",
                        ":",
                        "/",
                        "\\",
                        "(",
                        ")",
                        "struct ",
                        "unsigned ",
                        "long",
                        "int",
                        "const ",
                        "*)",
                        "[",
                        "{",
                        "^",
                        " ",
                        "\t",
                        ".",
                        "$",
                        "-",
                        "%",
                        "#",
                        "ü",
                        "\ud83d\ude00",
                        "\n")
                .list()
                .ofMaxSize(12)
                .map(parts -> String.join("", parts));
    }

    private static void readOrRefused(String text) {
        try {
            TargetSpec spec = TargetSpec.parse(text);
            assertThat(spec.clauses()).anyMatch(clause -> !clause.excluded());
            assertThat(TargetSpec.parse(spec.toString())).hasToString(spec.toString());
        } catch (TargetSyntaxException e) {
            assertThat(e.position()).isBetween(0, text.length());
            assertThat(e.getMessage().split("\n", -1)).hasSizeGreaterThanOrEqualTo(3);
        }
    }

    @Property
    void anyTextIsReadOrRefused(@ForAll String text) {
        if (!text.contains("@")) {
            readOrRefused(text);
        }
    }

    @Property(tries = 3000)
    void whatLooksLikeTargetsIsReadOrRefused(@ForAll("likeTargets") String text) {
        readOrRefused(text);
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.strings().withChars("ab_").ofMaxLength(8);
    }

    @Provide
    Arbitrary<String> globs() {
        return Arbitraries.strings().withChars("ab_*?").ofMaxLength(6);
    }

    @Property(tries = 3000)
    void globsAgreeWithRegularExpressions(@ForAll("globs") String glob, @ForAll("names") String name) {
        String expression = glob.replace("*", ".*").replace("?", ".");
        assertThat(new Glob(glob).matches(name)).isEqualTo(Pattern.matches(expression, name));
    }
}
