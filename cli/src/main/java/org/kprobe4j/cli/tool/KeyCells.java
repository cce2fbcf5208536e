package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kprobe4j.ProbePlace;

/** What keys are as cells: functions by name, errors too. */
final class KeyCells {
    private final List<KeyColumn> columns;
    private final Map<Long, String> functions = new HashMap<>();

    KeyCells(List<KeyColumn> columns) {
        this.columns = List.copyOf(columns);
    }

    /** The functions of a probe at a target have names. */
    void know(String target, List<ProbePlace> places) {
        for (ProbePlace place : places) {
            functions.put(place.addr(), Targets.name(target, place));
        }
    }

    /** The cells of a key. */
    List<Object> of(Object key) {
        List<Object> values =
                KeyShape.values(columns.stream().map(KeyColumn::typed).toList(), key);
        var cells = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            cells.add(columns.get(i)
                    .cell(values.get(i), address -> functions.getOrDefault(address, "0x%x".formatted(address))));
        }
        return cells;
    }
}
