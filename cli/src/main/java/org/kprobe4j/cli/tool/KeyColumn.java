package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Text;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Type.Numeric;
import org.kprobe4j.cli.expression.Typed;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Kind;

/**
 * A column with the values of an expression.
 *
 * @param column under the expression as it was written
 * @param typed what the expression is
 * @param isError whether it is shown as the error that a call returned
 */
record KeyColumn(Column column, Typed typed, boolean isError) {
    /** The column of the functions' names. */
    static final KeyColumn FUNCTION = new KeyColumn(
            Column.of("function", Kind.TEXT),
            new Typed(new Type.Characters(), null, new Text.Function(), false),
            false);

    /** The column of the errors that calls returned. */
    static KeyColumn error(Typed returned) {
        return new KeyColumn(Column.of("error", Kind.TEXT), returned, true);
    }

    /** The column of an expression; what is neither a number nor a text has none. */
    static KeyColumn of(String expression, Typed typed) {
        return new KeyColumn(Column.ofExpression(expression, kind(expression, typed)), typed, false);
    }

    /** The columns of lists of expressions. */
    static List<KeyColumn> all(List<String> lists, Expressions over) {
        var columns = new ArrayList<KeyColumn>();
        for (String list : lists) {
            for (String key : Targets.split(list)) {
                columns.add(of(key, over.read(key)));
            }
        }
        return columns;
    }

    private static Kind kind(String expression, Typed typed) {
        if (typed.text() != null) {
            return Kind.TEXT;
        }
        return switch (typed.type()) {
            case Numeric number ->
                switch (number.meaning()) {
                    case ADDRESS -> Kind.ADDRESS;
                    case DURATION -> Kind.DURATION;
                    case BOOL -> Kind.FLAG;
                    case CHARACTER -> Kind.TEXT;
                    case PLAIN -> !number.signed() && number.bytes() == Long.BYTES ? Kind.UNSIGNED : Kind.NUMBER;
                };
            case Type.Constants _, Type.Characters _ -> Kind.TEXT;
            case Type.Pointer _ -> Kind.ADDRESS;
            case Type.Structure _, Type.Elements _ ->
                throw new KprobeException("'%s' is %s, which is no key; name one of its fields"
                        .formatted(expression, typed.type().describe()));
        };
    }

    /** A value as its column's kind has it; a function is found by its address. */
    Object cell(Object value, LongFunction<String> functions) {
        if (!(value instanceof Long number)) {
            return value;
        } else if (isError) {
            return ReturnCode.errorText(number);
        } else if (typed.text() instanceof Text.Function) {
            return functions.apply(number);
        }
        return switch (typed.type()) {
            case Type.Constants constants -> {
                String name = constants.name(number);
                yield name == null ? number.toString() : name;
            }
            case Numeric numeric when numeric.meaning() == Numeric.Meaning.BOOL -> number != 0;
            case Numeric numeric
            when numeric.meaning() == Numeric.Meaning.CHARACTER -> String.valueOf((char) (number & 0xff));
            default -> number;
        };
    }
}
