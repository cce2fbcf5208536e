package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.PreHandler;
import org.kprobe4j.SimulatedKernel.Outcome;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.HandlerCode;
import org.kprobe4j.compiler.HostProgram;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.handlers.LanguageTable.Body;
import org.kprobe4j.handlers.LanguageTable.Row;
import org.kprobe4j.handlers.LanguageTable.Verdict;
import org.kprobe4j.internal.HandlerLambda;

/** Each row of docs/language.md is true, and the document has them all. */
class LanguageTableTest {
    private static final Path DOCUMENT = Path.of("../docs/language.md");
    private static final String WRITE = "language.table";

    private static final String WRAPPER = "kprobe4j/LanguageWrapper";
    private static final ClassDesc KERNEL = ClassDesc.of("org.kprobe4j.Kernel");

    private static final long[][] ARGUMENTS = {
        {5, 3}, {-7, 2}, {1, 1}, {300, 100_000}, {Long.MIN_VALUE, -1}, {1L << 40, 64}, {-1, Long.MAX_VALUE}, {0, 0}
    };

    static List<String> rows() {
        try (var twin = new Twin()) {
            return new LanguageTable(twin).rows().stream().map(Row::toString).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void each_row_is_true(String name) {
        try (var twin = new Twin()) {
            Row row = new LanguageTable(twin)
                    .rows().stream()
                            .filter(r -> r.toString().equals(name))
                            .findFirst()
                            .orElseThrow();
            switch (row.verdict()) {
                case Verdict.Refused refused -> {
                    String said = Refusals.message(() -> compile(twin, row));
                    assertThat(said.replaceAll("(?m)^[A-Za-z]+\\.java(:\\d+)?: ", ""))
                            .isEqualTo(refused.message());
                }
                case Verdict.Stops stops -> {
                    agree(twin, row, ARGUMENTS);
                    Outcome outcome = agree(twin, row, new long[][] {{stops.argument(), 3}});
                    assertThat(outcome.fault().orElseThrow().what()).isEqualTo(stops.fault());
                }
                case Verdict.Works _ -> {
                    agree(twin, row, ARGUMENTS);
                    assertThat(twin.jvm.faultLines()).isEmpty();
                }
            }
        }
    }

    private static Outcome agree(Twin twin, Row row, long[][] arguments) {
        Outcome outcome = null;
        for (long[] pair : arguments) {
            outcome = twin.same(onTheJvm(row), compile(twin, row), twin.regs(pair));
        }
        if (outcome == null) {
            throw new AssertionError("no arguments");
        }
        return outcome;
    }

    private static PreHandler onTheJvm(Row row) {
        return switch (row.handler()) {
            case PreHandler handler -> handler;
            case Body body ->
                (p, regs) -> {
                    Kernel.printf("%d", body.of(p, regs));
                    return 0;
                };
            default -> throw new AssertionError(row);
        };
    }

    private static CompiledProgram compile(Twin twin, Row row) {
        return switch (row.handler()) {
            case PreHandler handler -> twin.handlers().pre(handler);
            case EntryHandler<?> handler -> twin.handlers().entry(handler);
            case Body body -> compile(twin, HandlerLambda.of(body, _ -> Optional.empty()));
            default -> throw new AssertionError(row);
        };
    }

    /** The body called by a handler that prints its result. */
    private static CompiledProgram compile(Twin twin, HandlerLambda lambda) {
        HandlerCode code = lambda.code();
        MethodTypeDesc body = MethodTypeDesc.ofDescriptor(code.descriptor());
        MethodTypeDesc type = body.changeReturnType(ConstantDescs.CD_int);
        byte[] wrapper = wrapper(code, body, type);
        var host = new HostProgram() {
            @Override
            public byte @Nullable [] classFile(String name) {
                return name.equals(WRAPPER) ? wrapper : lambda.classFile(name);
            }

            @Override
            public Optional<Constant> finalField(String owner, String field, @Nullable Object receiver) {
                return lambda.finalField(owner, field, receiver);
            }

            @Override
            public Optional<KernelObject> kernelObject(Object captured) {
                return Optional.empty();
            }
        };
        return twin.handlers()
                .compile(new HandlerCode(WRAPPER, "handle", type.descriptorString(), code.captured()), host);
    }

    private static byte[] wrapper(HandlerCode code, MethodTypeDesc body, MethodTypeDesc type) {
        return ClassFile.of()
                .build(
                        ClassDesc.ofInternalName(WRAPPER),
                        built -> built.withMethodBody("handle", type, ClassFile.ACC_STATIC, out -> {
                            out.ldc("%d")
                                    .iconst_1()
                                    .anewarray(ConstantDescs.CD_Object)
                                    .dup()
                                    .iconst_0();
                            int slot = 0;
                            for (ClassDesc parameter : body.parameterList()) {
                                TypeKind kind = TypeKind.from(parameter);
                                out.loadLocal(kind, slot);
                                slot += kind.slotSize();
                            }
                            out.invokestatic(ClassDesc.ofInternalName(code.owner()), code.method(), body)
                                    .invokestatic(
                                            ConstantDescs.CD_Long,
                                            "valueOf",
                                            MethodTypeDesc.of(ConstantDescs.CD_Long, ConstantDescs.CD_long))
                                    .aastore()
                                    .invokestatic(
                                            KERNEL,
                                            "printf",
                                            MethodTypeDesc.of(
                                                    ConstantDescs.CD_void,
                                                    ConstantDescs.CD_String,
                                                    ConstantDescs.CD_Object.arrayType()))
                                    .iconst_0()
                                    .ireturn();
                        }));
    }

    @Test
    void the_document_is_this_table() throws IOException {
        String table;
        try (var twin = new Twin()) {
            table = new LanguageTable(twin).markdown();
        }
        if ("write".equals(System.getProperty(WRITE))) {
            Files.createDirectories(DOCUMENT.getParent());
            Files.writeString(DOCUMENT, table);
        }
        assertThat(Files.exists(DOCUMENT) ? Files.readString(DOCUMENT) : "")
                .as(
                        "docs/language.md is made from the tests: mvn -pl probe -am test -Dtest=LanguageTableTest -D%s=write -Dsurefire.failIfNoSpecifiedTests=false",
                        WRITE)
                .isEqualTo(table);
    }
}
