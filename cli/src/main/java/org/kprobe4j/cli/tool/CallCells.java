package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.ProbePlace;

/** What keys of calls are as cells: functions by name, errors too. */
final class CallCells {
    private final List<KeyColumn> columns;
    private final Map<Long, String> functions = new HashMap<>();

    CallCells(List<KeyColumn> columns) {
        this.columns = List.copyOf(columns);
    }

    /** The probe's functions have names. */
    void know(Kretprobe probe) {
        for (ProbePlace place : probe.places()) {
            functions.put(place.addr(), place.toString());
        }
    }

    /** The cells of a key. */
    List<Object> of(Object key) {
        List<Object> values =
                KeyShape.values(columns.stream().map(KeyColumn::typed).toList(), key);
        var cells = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            KeyColumn column = columns.get(i);
            cells.add(
                    column.column().name().equals("error") && values.get(i) instanceof Long error
                            ? ReturnCode.errorText(error)
                            : column.cell(
                                    values.get(i),
                                    address -> functions.getOrDefault(address, "0x%x".formatted(address))));
        }
        return cells;
    }
}
