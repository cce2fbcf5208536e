package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.kprobe4j.btf.ParameterType;
import org.kprobe4j.btf.ParameterType.Tag;

/** Reads a type in brackets: {@code (struct file *)}. */
final class TypeParser {
    private static final int END = -1;
    private static final Set<String> QUALIFIERS =
            Set.of("const", "volatile", "restrict", "__restrict", "__user", "__rcu", "__percpu", "__iomem");
    private static final Set<String> BASIC = Set.of("unsigned", "signed", "long", "short", "int", "char");

    private final TargetText text;

    TypeParser(TargetText text) {
        this.text = text;
    }

    ParameterType parameter() {
        int open = text.position();
        text.take();
        Tag tag = Tag.NONE;
        var words = new ArrayList<String>();
        int pointers = 0;
        for (text.skipSpaces(); text.peek() != ')'; text.skipSpaces()) {
            int start = text.position();
            if (text.peek() == END) {
                throw text.wrong(open, "the bracket is not closed; write (struct file *)");
            }
            if (text.peek() == '*' && !words.isEmpty()) {
                text.take();
                pointers++;
                continue;
            }
            String word = word();
            if (QUALIFIERS.contains(word)) {
                continue;
            }
            if (words.isEmpty() && tag == Tag.NONE && tagOf(word) != Tag.NONE) {
                tag = tagOf(word);
            } else {
                add(words, word, pointers, tag, start);
            }
        }
        if (words.isEmpty()) {
            throw text.wrong(
                    tag == Tag.NONE
                            ? "a type is missing; write (struct file *)"
                            : "the name of the %s is missing".formatted(tagWord(tag)));
        }
        text.take();
        return new ParameterType(tag, String.join(" ", words), pointers);
    }

    private void add(List<String> words, String word, int pointers, Tag tag, int start) {
        boolean basic = tag == Tag.NONE && pointers == 0 && BASIC.contains(word) && BASIC.containsAll(words);
        if (!words.isEmpty() && !basic) {
            throw text.wrong(start, "\"%s\" follows the type; write the type alone: (struct file *)".formatted(word));
        }
        words.add(word);
    }

    private static Tag tagOf(String word) {
        return switch (word) {
            case "struct" -> Tag.STRUCT;
            case "union" -> Tag.UNION;
            case "enum" -> Tag.ENUM;
            default -> Tag.NONE;
        };
    }

    private static String tagWord(Tag tag) {
        return tag == Tag.STRUCT ? "struct" : tag == Tag.UNION ? "union" : "enum";
    }

    private String word() {
        int start = text.position();
        int c = text.peek();
        while (c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            text.take();
            c = text.peek();
        }
        if (text.position() > start) {
            return text.from(start);
        }
        throw text.wrong(
                switch (c) {
                    case '(' -> "a pointer to a function is not a type that can be asked for";
                    case '[' -> "a parameter that is written as an array is a pointer; write *";
                    case ',' -> "one type stands in the brackets; for several write (struct file *),(struct inode *)";
                    case '*' -> "a type is missing before *; write (struct file *) or (void *)";
                    default -> "'%s' is not part of a type".formatted(Character.toString(c));
                });
    }
}
