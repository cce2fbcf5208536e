package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.PerCpuMap;
import org.kprobe4j.PreHandler;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Text;
import org.kprobe4j.cli.expression.Typed;
import org.kprobe4j.cli.expression.Value;

/**
 * Counts by keys: a map whose keys have the shape that the expressions need, the smallest one. Numbers and texts of a key keep the
 * expressions' order among themselves.
 */
final class CountKeys implements AutoCloseable {
    private static final Value NONE = new Value.Constant(0);
    private static final int MOST_NUMBERS = 4;
    private static final int MOST_TEXTS = 2;

    /** A text and numbers. */
    record Named(@MaxBytes(16) String name, long a, long b, long c) {}

    /** Numbers. */
    record Numbers(long a, long b, long c, long d) {}

    /** A long text and numbers. */
    record Texted(@MaxBytes(256) String text, long a, long b, long c) {}

    /** Two texts and numbers; a key has 512 bytes at most. */
    record Texts(@MaxBytes(256) String first, @MaxBytes(192) String second, long a, long b) {}

    /** One part of a key: a number of the key's or a text. */
    record Part(boolean isText, int index) {}

    private final List<Part> parts;
    private final PerCpuMap<?, Long> map;
    private final PreHandler handler;

    private CountKeys(List<Part> parts, PerCpuMap<?, Long> map, PreHandler handler) {
        this.parts = parts;
        this.map = map;
        this.handler = handler;
    }

    /** A map for these keys, and the handler that counts in it. */
    static CountKeys of(List<Typed> keys, Wanted wanted, int entries) {
        var numbers = new ArrayList<Value>();
        var texts = new ArrayList<Text>();
        var parts = new ArrayList<Part>();
        for (Typed key : keys) {
            Value value = number(key);
            if (value != null) {
                parts.add(new Part(false, numbers.size()));
                numbers.add(value);
            } else if (key.text() != null) {
                parts.add(new Part(true, texts.size()));
                texts.add(key.text());
            }
        }
        if (numbers.size() + texts.size() > MOST_NUMBERS || texts.size() > MOST_TEXTS) {
            throw new KprobeException("--by: %d keys, %d of them texts; there is room for %d, of which %d may be texts"
                    .formatted(keys.size(), texts.size(), MOST_NUMBERS, MOST_TEXTS));
        }
        if (texts.size() == MOST_TEXTS && texts.getFirst() instanceof Text.Comm) {
            // The task's name is short: the other text gets the room.
            Collections.reverse(texts);
            parts.replaceAll(part -> part.isText() ? new Part(true, 1 - part.index()) : part);
        }
        while (numbers.size() < MOST_NUMBERS) {
            numbers.add(NONE);
        }
        return of(parts, numbers, texts, wanted, entries);
    }

    /** What is counted as a number: a function by its address, which its name is found by later. */
    private static @Nullable Value number(Typed key) {
        if (key.text() instanceof Text.Function) {
            return new Value.Context(Value.Context.Item.PLACE);
        }
        return key.text() == null ? key.value() : null;
    }

    private static CountKeys of(List<Part> parts, List<Value> numbers, List<Text> texts, Wanted wanted, int entries) {
        Value a = numbers.get(0);
        Value b = numbers.get(1);
        Value c = numbers.get(2);
        Value d = numbers.get(3);
        if (texts.isEmpty() && b.equals(NONE)) {
            var map = PerCpuMap.of(Long.class, Long.class, entries);
            return new CountKeys(parts, map, (p, regs) -> {
                var moment = new Moment.AtPlace(p, regs);
                if (wanted.is(moment)) {
                    map.add(a.value(moment), 1);
                }
                return 0;
            });
        } else if (texts.isEmpty()) {
            var map = PerCpuMap.of(Numbers.class, Long.class, entries);
            return new CountKeys(parts, map, (p, regs) -> {
                var moment = new Moment.AtPlace(p, regs);
                if (wanted.is(moment)) {
                    map.add(new Numbers(a.value(moment), b.value(moment), c.value(moment), d.value(moment)), 1);
                }
                return 0;
            });
        }
        Text first = texts.getFirst();
        if (texts.size() == 2) {
            Text second = texts.get(1);
            var map = PerCpuMap.of(Texts.class, Long.class, entries);
            return new CountKeys(parts, map, (p, regs) -> {
                var moment = new Moment.AtPlace(p, regs);
                if (wanted.is(moment)) {
                    map.add(new Texts(first.text(moment), second.text(moment), a.value(moment), b.value(moment)), 1);
                }
                return 0;
            });
        } else if (first instanceof Text.Comm) {
            var map = PerCpuMap.of(Named.class, Long.class, entries);
            return new CountKeys(parts, map, (p, regs) -> {
                var moment = new Moment.AtPlace(p, regs);
                if (wanted.is(moment)) {
                    map.add(new Named(first.text(moment), a.value(moment), b.value(moment), c.value(moment)), 1);
                }
                return 0;
            });
        }
        var map = PerCpuMap.of(Texted.class, Long.class, entries);
        return new CountKeys(parts, map, (p, regs) -> {
            var moment = new Moment.AtPlace(p, regs);
            if (wanted.is(moment)) {
                map.add(new Texted(first.text(moment), a.value(moment), b.value(moment), c.value(moment)), 1);
            }
            return 0;
        });
    }

    /** The handler of the probe. */
    PreHandler handler() {
        return handler;
    }

    /** What was counted since the beginning, by key. */
    Map<?, Long> sums() {
        return map.sums();
    }

    /** The parts of a key in the expressions' order: Long or String. */
    Object[] parts(Object key) {
        var values = new Object[parts.size()];
        for (int i = 0; i < values.length; i++) {
            Part part = parts.get(i);
            values[i] = part.isText() ? text(key, part.index()) : (Object) number(key, part.index());
        }
        return values;
    }

    private static String text(Object key, int index) {
        return switch (key) {
            case Named named -> named.name();
            case Texted texted -> texted.text();
            case Texts texts -> index == 0 ? texts.first() : texts.second();
            default -> throw new IllegalStateException("no text in " + key);
        };
    }

    private static long number(Object key, int index) {
        return switch (key) {
            case Long number -> number;
            case Numbers n -> select(index, n.a(), n.b(), n.c(), n.d());
            case Named n -> select(index, n.a(), n.b(), n.c(), 0);
            case Texted n -> select(index, n.a(), n.b(), n.c(), 0);
            case Texts n -> select(index, n.a(), n.b(), 0, 0);
            default -> throw new IllegalStateException("no number in " + key);
        };
    }

    private static long select(int index, long a, long b, long c, long d) {
        return switch (index) {
            case 0 -> a;
            case 1 -> b;
            case 2 -> c;
            default -> d;
        };
    }

    /** Frees the map; the probe is closed before. */
    @Override
    public void close() {
        map.close();
    }
}
