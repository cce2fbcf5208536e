package org.kprobe4j.cli.output;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** How cells are written as text. */
public final class Cells {
    private static final long[] UNITS = {1, 1_000, 1_000_000, 1_000_000_000};
    private static final String[] NAMES = {"ns", "us", "ms", "s"};
    private static final long ENOUGH = 100;
    private static final long SOME = 10;

    private Cells() {}

    /** {@code 0xffffffff81234567}. */
    public static String address(long address) {
        return "0x".concat(Long.toHexString(address));
    }

    /** A time span with three digits that count: {@code 870ns}, {@code 1.25ms}, {@code 12.0s}. */
    public static String span(long nanos) {
        long size = Math.abs(nanos);
        int unit = 0;
        // 999.6us would be written 1000us.
        while (unit < UNITS.length - 1 && size >= UNITS[unit + 1] - UNITS[unit] / 2) {
            unit++;
        }
        if (unit == 0) {
            return nanos + NAMES[0];
        }
        // Rounded to three digits that count, without a formatter: traces have many of these.
        long scale = UNITS[unit];
        int digits = size >= ENOUGH * scale - scale / 2 ? 0 : size >= SOME * scale - scale / 20 ? 1 : 2;
        long parts = digits == 0 ? 1 : digits == 1 ? SOME : ENOUGH;
        long rounded = Math.addExact(size / scale * parts, (size % scale * parts + scale / 2) / scale);
        String fraction =
                digits == 0 ? "" : "." + Long.toString(parts + rounded % parts).substring(1);
        return (nanos < 0 ? "-" : "") + rounded / parts + fraction + NAMES[unit];
    }

    /** As people read it. */
    static String forPeople(Kind kind, Object cell, Moments moments) {
        return kind == Kind.DURATION ? span(((Number) cell).longValue()) : text(kind, cell, moments);
    }

    /** As machines read it. */
    static String text(Kind kind, Object cell, Moments moments) {
        return switch (kind) {
            case NUMBER, DURATION, FLAG, TEXT -> cell.toString();
            case UNSIGNED -> Long.toUnsignedString(((Number) cell).longValue());
            case DECIMAL -> String.format(Locale.ROOT, "%.3f", ((Number) cell).doubleValue());
            case TIME -> moments.text(((Number) cell).longValue());
            case ADDRESS -> address(((Number) cell).longValue());
            case LIST -> ((List<?>) cell).stream().map(String::valueOf).collect(Collectors.joining(";"));
            case VALUES -> values((Map<?, ?>) cell);
        };
    }

    /** {@code fd=3, count=100}. */
    static String values(Map<?, ?> values) {
        return values.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    /** One below the other. */
    static String lines(List<?> parts) {
        return parts.stream().map(String::valueOf).collect(Collectors.joining("\n"));
    }
}
