package org.kprobe4j.cli.tool;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.kprobe4j.cli.KprobeException;

/** Numbers and ranges of them, as in {@code 2-5}. */
final class Ranges {
    private static final Pattern RANGE = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");

    private Ranges() {}

    static List<Integer> parse(String option, String text) {
        Matcher matcher = RANGE.matcher(text);
        if (!matcher.matches()) {
            throw new KprobeException("%s %s: write a number or a range such as 2-5".formatted(option, text));
        }
        int first = Integer.parseInt(matcher.group(1));
        int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
        if (last < first) {
            throw new KprobeException("%s %s: the range ends before it begins".formatted(option, text));
        }
        return IntStream.rangeClosed(first, last).boxed().toList();
    }
}
