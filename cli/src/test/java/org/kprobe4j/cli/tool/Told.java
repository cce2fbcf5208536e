package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The rows that a tool told machines, read back: each as its cells, all of them texts, by the columns' names. */
final class Told {
    private Told() {}

    /** Runs a tool and reads its rows. */
    static List<Map<String, String>> by(String suffix, int status, String... words) throws IOException {
        Ran ran = Ran.tool(suffix, words).ended(status);
        return suffix.equals(".json") ? json(ran.lines()) : csv(String.join("\n", ran.lines()));
    }

    /** Objects of JSON, one in each line; elements of an array have semicolons between them. */
    static List<Map<String, String>> json(List<String> lines) throws IOException {
        var rows = new ArrayList<Map<String, String>>();
        for (String line : lines) {
            var row = new LinkedHashMap<String, String>();
            try (JsonParser parser = new JsonFactory().createParser(line)) {
                assertThat(parser.nextToken()).isEqualTo(JsonToken.START_OBJECT);
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    row.put(
                            name,
                            switch (parser.nextToken()) {
                                case START_ARRAY -> array(parser);
                                case VALUE_NULL -> "";
                                default -> parser.getText();
                            });
                }
                assertThat(parser.nextToken()).as("behind the object").isNull();
            }
            row.remove("type");
            assertThat(row.remove("time")).matches("[-0-9]+T[0-9:.]+Z");
            rows.add(row);
        }
        return rows;
    }

    private static String array(JsonParser parser) throws IOException {
        var elements = new ArrayList<String>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            elements.add(parser.getText());
        }
        return String.join(";", elements);
    }

    /** As RFC 4180 says it: the names of the columns, then a row in each line; an empty line, and a table with other names. */
    static List<Map<String, String>> csv(String text) {
        var rows = new ArrayList<Map<String, String>>();
        List<String> names = List.of();
        for (List<String> record : records(text)) {
            if (record.equals(List.of(""))) {
                continue;
            }
            if (record.getFirst().equals("time")) {
                names = record;
                continue;
            }
            assertThat(record).hasSameSizeAs(names);
            var row = new LinkedHashMap<String, String>();
            for (int i = 1; i < names.size(); i++) {
                row.put(names.get(i), record.get(i));
            }
            assertThat(record.getFirst()).matches("[-0-9]+T[0-9:.]+Z");
            rows.add(row);
        }
        return rows;
    }

    private static List<List<String>> records(String text) {
        var records = new ArrayList<List<String>>();
        List<String> record = new ArrayList<>();
        var cell = new StringBuilder();
        boolean quoted = false;
        for (char c : (text + "\n").toCharArray()) {
            if (c == '"') {
                // Two of them within quotes are one.
                boolean doubled = !quoted && !cell.isEmpty();
                quoted = !quoted;
                if (doubled) {
                    cell.append(c);
                }
            } else if (!quoted && (c == ',' || c == '\n')) {
                record.add(cell.toString());
                cell.setLength(0);
                if (c == '\n') {
                    records.add(record);
                    record = new ArrayList<>();
                }
            } else {
                cell.append(c);
            }
        }
        return records;
    }
}
