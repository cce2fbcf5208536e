package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Signature;

/** What is written about targets on a tool's command line. */
public final class Targets {
    private static final Pattern ONE = Pattern.compile("(?:[A-Za-z0-9_]+:)?([A-Za-z_][A-Za-z0-9_.]*)");

    private static final Pattern SINGLE =
            Pattern.compile("(?:[A-Za-z0-9_]+:)?[A-Za-z0-9_.]+(?:\\+(?:0x)?[0-9a-fA-F]+)?");

    private Targets() {}

    /** Several targets as one. */
    public static String joined(List<String> targets) {
        return String.join(",", targets);
    }

    /** Whether it is one function or place. */
    static boolean isOne(String target) {
        return SINGLE.matcher(target).matches();
    }

    /** What a place is called: a function without the bytes that a landing pad takes, unless the target is an instruction. */
    public static String name(String target, ProbePlace place) {
        if (target.contains("+") || place.offset() == 0) {
            return place.toString();
        }
        return new ProbePlace(place.symbolName(), place.module(), 0, place.addr(), place.aliases(), place.note())
                .toString();
    }

    /** Expressions that name no argument. */
    static Expressions unnamed(String target) {
        return Expressions.over(Signature.unknown(target));
    }

    /** Expressions over a target's calls: of one function its arguments have names and types, of several they have numbers. */
    static Expressions expressions(String target) {
        Matcher one = ONE.matcher(target);
        return Expressions.over(one.matches() ? Signature.of(one.group(1)) : Signature.unknown(target));
    }

    /** That nothing is returned. */
    static KprobeException returnNothing(String target, int functions) {
        return new KprobeException("%s: %s (void); kprobe latency tells how long %s"
                .formatted(
                        target,
                        functions == 1 ? "it returns nothing" : "these functions return nothing",
                        functions == 1 ? "it takes" : "they take"));
    }

    /** The parts of a list that stand between commas, outside of brackets and quotes. */
    public static List<String> split(String list) {
        var parts = new ArrayList<String>();
        var part = new StringBuilder();
        int depth = 0;
        char quote = 0;
        for (int i = 0; i < list.length(); i++) {
            char c = list.charAt(i);
            if (quote != 0) {
                quote = c == quote && list.charAt(i - 1) != '\\' ? 0 : quote;
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if (c == '(' || c == '[') {
                depth++;
            } else if (c == ')' || c == ']') {
                depth--;
            } else if (c == ',' && depth == 0) {
                parts.add(part.toString().strip());
                part.setLength(0);
                continue;
            }
            part.append(c);
        }
        parts.add(part.toString().strip());
        return parts;
    }
}
