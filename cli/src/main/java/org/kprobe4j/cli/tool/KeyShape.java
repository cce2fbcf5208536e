package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Text;
import org.kprobe4j.cli.expression.Typed;
import org.kprobe4j.cli.expression.Value;

/**
 * Which record is a map's key where hits are grouped by expressions: one of few, so that the keys' classes need not be made at run time. A
 * handler captures the shape and asks it for the {@link #key}; the compiler leaves nothing of it but the loads and stores. Beside the
 * expressions each key has one number more, for what the tool itself tells apart.
 *
 * @param <K> class of the keys
 */
sealed interface KeyShape<K> {
    /** So many numbers a key has room for, one of them in the place of each text. */
    int MOST = 4;

    /** So many texts. */
    int MOST_TEXTS = 2;

    /** A number that is not there. */
    Value NONE = new Value.Constant(0);

    /** The key of a hit; in a handler only. */
    K key(Moment moment, long own);

    /** The keys' class. */
    Class<K> type();

    /** Numbers. */
    record Numbers(long a, long b, long c, long d, long own) {}

    /** A short text and numbers. */
    record Named(@MaxBytes(16) String text, long a, long b, long c, long own) {}

    /** A long text and numbers. */
    record Texted(@MaxBytes(256) String text, long a, long b, long c, long own) {}

    /** Two texts and numbers. */
    record Texts(@MaxBytes(224) String text, @MaxBytes(224) String second, long a, long b, long own) {}

    /** Of no expression. */
    record OfNothing() implements KeyShape<Long> {
        @Override
        public Long key(Moment moment, long own) {
            return own;
        }

        @Override
        public Class<Long> type() {
            return Long.class;
        }
    }

    /** Of one number, where the tool itself tells nothing apart. */
    record OfNumber(Value number) implements KeyShape<Long> {
        @Override
        public Long key(Moment moment, long own) {
            return number.value(moment);
        }

        @Override
        public Class<Long> type() {
            return Long.class;
        }
    }

    /** Of numbers alone. */
    record OfNumbers(Value a, Value b, Value c, Value d) implements KeyShape<Numbers> {
        @Override
        public Numbers key(Moment moment, long own) {
            return new Numbers(a.value(moment), b.value(moment), c.value(moment), d.value(moment), own);
        }

        @Override
        public Class<Numbers> type() {
            return Numbers.class;
        }
    }

    /** Of the task's name. */
    record OfName(Text text, Value a, Value b, Value c) implements KeyShape<Named> {
        @Override
        public Named key(Moment moment, long own) {
            return new Named(text.text(moment), a.value(moment), b.value(moment), c.value(moment), own);
        }

        @Override
        public Class<Named> type() {
            return Named.class;
        }
    }

    /** Of a text that may be long. */
    record OfText(Text text, Value a, Value b, Value c) implements KeyShape<Texted> {
        @Override
        public Texted key(Moment moment, long own) {
            return new Texted(text.text(moment), a.value(moment), b.value(moment), c.value(moment), own);
        }

        @Override
        public Class<Texted> type() {
            return Texted.class;
        }
    }

    /** Of two texts. */
    record OfTexts(Text text, Text second, Value a, Value b) implements KeyShape<Texts> {
        @Override
        public Texts key(Moment moment, long own) {
            return new Texts(text.text(moment), second.text(moment), a.value(moment), b.value(moment), own);
        }

        @Override
        public Class<Texts> type() {
            return Texts.class;
        }
    }

    /**
     * The smallest shape that has room for some expressions. A function's name is kept as its address.
     *
     * @param keys numbers and texts
     * @param hasOwn whether the tool has a number of its own
     * @throws KprobeException if there are too many
     */
    static KeyShape<?> of(List<Typed> keys, boolean hasOwn) {
        var numbers = new ArrayList<Value>();
        var texts = new ArrayList<Text>();
        for (Typed key : keys) {
            if (isText(key)) {
                texts.add(key.text());
            } else {
                numbers.add(number(key));
            }
        }
        if (keys.size() > MOST || texts.size() > MOST_TEXTS) {
            throw new KprobeException("--by: %d keys, %d of them texts; there is room for %d, of which %d may be texts"
                    .formatted(keys.size(), texts.size(), MOST, MOST_TEXTS));
        }
        while (numbers.size() < MOST) {
            numbers.add(NONE);
        }
        Value a = numbers.get(0);
        Value b = numbers.get(1);
        Value c = numbers.get(2);
        if (texts.isEmpty()) {
            return keys.isEmpty()
                    ? new OfNothing()
                    : keys.size() == 1 && !hasOwn ? new OfNumber(a) : new OfNumbers(a, b, c, numbers.get(3));
        } else if (texts.size() == 2) {
            return new OfTexts(texts.getFirst(), texts.getLast(), a, b);
        }
        return texts.getFirst() instanceof Text.Comm
                ? new OfName(texts.getFirst(), a, b, c)
                : new OfText(texts.getFirst(), a, b, c);
    }

    /** The shape of other functions' keys in the same map: the keys are of the same kinds. */
    @SuppressWarnings("unchecked")
    static <K> KeyShape<K> alike(KeyShape<K> first, KeyShape<?> other) {
        if (!first.type().equals(other.type())) {
            throw new IllegalArgumentException("%s, not %s".formatted(other, first));
        }
        // The class of the keys says so.
        return (KeyShape<K>) other;
    }

    private static boolean isText(Typed key) {
        return key.text() != null && !(key.text() instanceof Text.Function);
    }

    private static Value number(Typed key) {
        if (key.text() instanceof Text.Function) {
            return new Value.Context(Value.Context.Item.PLACE);
        }
        Value value = key.value();
        if (value == null) {
            throw new IllegalArgumentException("neither a number nor a text: " + key);
        }
        return value;
    }

    /**
     * The values of the expressions in a key.
     *
     * @param keys as {@link #of} took them
     * @param key as a map has it
     * @return in their order; Long or String
     */
    static List<Object> values(List<Typed> keys, Object key) {
        var values = new ArrayList<>();
        int numbers = 0;
        int texts = 0;
        for (Typed typed : keys) {
            values.add(isText(typed) ? text(key, texts++) : (Object) number(key, numbers++));
        }
        return values;
    }

    /** The tool's own number in a key. */
    static long own(Object key) {
        return switch (key) {
            case Long own -> own;
            case Numbers numbers -> numbers.own();
            case Named named -> named.own();
            case Texted texted -> texted.own();
            case Texts texts -> texts.own();
            default -> throw new IllegalArgumentException("no key: " + key);
        };
    }

    private static String text(Object key, int index) {
        return switch (key) {
            case Named named -> named.text();
            case Texted texted -> texted.text();
            case Texts texts -> index == 0 ? texts.text() : texts.second();
            default -> throw new IllegalArgumentException("no text in " + key);
        };
    }

    private static Long number(Object key, int index) {
        List<Long> numbers = switch (key) {
            case Long n -> List.of(n);
            case Numbers n -> List.of(n.a(), n.b(), n.c(), n.d());
            case Named n -> List.of(n.a(), n.b(), n.c());
            case Texted n -> List.of(n.a(), n.b(), n.c());
            case Texts n -> List.of(n.a(), n.b());
            default -> throw new IllegalArgumentException("no number in " + key);
        };
        return numbers.get(index);
    }
}
