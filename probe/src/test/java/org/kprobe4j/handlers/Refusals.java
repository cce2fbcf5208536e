package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.Serializable;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.LineNumber;
import java.util.ArrayList;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.kprobe4j.PreHandler;
import org.kprobe4j.compiler.CompileException;
import org.kprobe4j.compiler.HandlerCode;
import org.kprobe4j.internal.HandlerLambda;

/** Asserts what the compiler says of a handler that it refuses, whole, with the file and the line. */
final class Refusals {
    private Refusals() {}

    /** Each message starts with the line within the handler, {@code 0: …} for the first. */
    static void refused(Handlers compiler, PreHandler handler, String... messages) {
        int first = firstLine(handler);
        var expected = new ArrayList<String>();
        for (String message : messages) {
            int colon = message.indexOf(": ");
            int line = first + Integer.parseInt(message.substring(0, colon));
            expected.add(code(handler).file() + ":" + line + message.substring(colon));
        }
        assertThat(message(() -> compiler.pre(handler))).isEqualTo(String.join("\n", expected));
    }

    static String message(Supplier<?> compilation) {
        var refusal = catchThrowableOfType(CompileException.class, compilation::get);
        assertThat(refusal).as("it compiles").isNotNull();
        return String.valueOf(refusal.getMessage());
    }

    private static HandlerCode code(Serializable handler) {
        return HandlerLambda.of(handler, _ -> Optional.empty()).code();
    }

    static int firstLine(Serializable handler) {
        HandlerCode code = code(handler);
        byte[] bytes = Objects.requireNonNull(LanguageTest.classFile(code.owner()));
        return ClassFile.of().parse(bytes).methods().stream()
                .filter(m -> m.methodName().equalsString(code.method()))
                .flatMap(m -> m.code().orElseThrow().elementStream())
                .filter(LineNumber.class::isInstance)
                .mapToInt(e -> ((LineNumber) e).line())
                .findFirst()
                .orElseThrow();
    }
}
