package org.kprobe4j.handlers;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.HandlerCode;
import org.kprobe4j.compiler.HostProgram;
import org.kprobe4j.compiler.KernelObject;

/**
 * A static method of primitives as a handler: called with the probed function's arguments, its result printed. So the same
 * method runs on the JVM and in the interpreter.
 */
final class Differential {
    /** What a call came to: a number, or what Java would throw. */
    record Outcome(@Nullable Long value, @Nullable String fault) {
        static Outcome of(long value) {
            return new Outcome(value, null);
        }

        static Outcome fault(String what) {
            return new Outcome(null, what);
        }
    }

    private static final String WRAPPER = "kprobe4j/Wrapper";
    private static final ClassDesc PT_REGS = ClassDesc.of("org.kprobe4j.PtRegs");
    private static final ClassDesc KPROBE = ClassDesc.of("org.kprobe4j.Kprobe");

    private final Method method;
    private final CompiledProgram program;

    private Differential(Method method, CompiledProgram program) {
        this.method = method;
        this.program = program;
    }

    static Differential of(Method method, Function<String, byte @Nullable []> classFiles) {
        return of(method, classFiles, Architecture.X86_64);
    }

    static Differential of(Method method, Function<String, byte @Nullable []> classFiles, Architecture machine) {
        byte[] wrapper = wrapper(method);
        var host = new HostProgram() {
            @Override
            public byte @Nullable [] classFile(String name) {
                return name.equals(WRAPPER) ? wrapper : classFiles.apply(name);
            }

            @Override
            public Optional<Constant> finalField(String owner, String field, @Nullable Object receiver) {
                return Optional.empty();
            }

            @Override
            public Optional<KernelObject> kernelObject(Object captured) {
                return Optional.empty();
            }
        };
        var code = new HandlerCode(WRAPPER, "handle", type().descriptorString(), List.of());
        return new Differential(method, new Handlers().on(machine).compile(code, host));
    }

    private static MethodTypeDesc type() {
        return MethodTypeDesc.of(ConstantDescs.CD_int, KPROBE, PT_REGS);
    }

    CompiledProgram program() {
        return program;
    }

    Outcome onTheJvm(long... arguments) {
        Class<?>[] types = method.getParameterTypes();
        var values = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            values[i] = CONVERSIONS.get(types[i]).apply(arguments[i]);
        }
        try {
            Object result = method.invoke(null, values);
            return Outcome.of(
                    switch (result) {
                        case Boolean b -> b ? 1 : 0;
                        case Character c -> c;
                        case Number n -> n.longValue();
                        default -> throw new AssertionError(result);
                    });
        } catch (InvocationTargetException e) {
            String message = String.valueOf(e.getCause().getMessage());
            if (e.getCause() instanceof ArrayIndexOutOfBoundsException) {
                // Java names the index, which the kernel does not keep.
                return Outcome.fault(message.replaceFirst("Index -?\\d+ ", "Index "));
            }
            return Outcome.fault(
                    message.equals("/ by zero")
                            ? message
                            : e.getCause().getClass().getSimpleName());
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    Outcome inTheInterpreter(long... arguments) {
        Handlers.Hit hit = Handlers.hit(program, arguments);
        return hit.faults().isEmpty()
                ? Outcome.of(Long.parseLong(hit.lines().getFirst()))
                : Outcome.fault(hit.faults().getFirst());
    }

    private static final Map<Class<?>, Function<Long, Object>> CONVERSIONS = Map.of(
            boolean.class,
            value -> (value & 1) != 0,
            byte.class,
            Long::byteValue,
            short.class,
            Long::shortValue,
            char.class,
            value -> (char) value.longValue(),
            int.class,
            Long::intValue,
            long.class,
            value -> value);

    /** {@code static int handle(Kprobe p, PtRegs regs) { Kernel.printf("%d", (long) method((int) regs.arg(0), …)); return 0; }}. */
    private static byte[] wrapper(Method method) {
        return ClassFile.of()
                .build(
                        ClassDesc.ofInternalName(WRAPPER),
                        type -> type.withMethodBody("handle", type(), ClassFile.ACC_STATIC, code -> {
                            code.ldc("%d")
                                    .iconst_1()
                                    .anewarray(ConstantDescs.CD_Object)
                                    .dup()
                                    .iconst_0();
                            for (int i = 0; i < method.getParameterCount(); i++) {
                                code.aload(1)
                                        .loadConstant(i)
                                        .invokeinterface(
                                                PT_REGS,
                                                "arg",
                                                MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_int));
                                convert(code, method.getParameterTypes()[i]);
                            }
                            code.invokestatic(
                                    desc(method.getDeclaringClass()),
                                    method.getName(),
                                    MethodTypeDesc.of(
                                            desc(method.getReturnType()),
                                            java.util.Arrays.stream(method.getParameterTypes())
                                                    .map(Differential::desc)
                                                    .toList()));
                            if (method.getReturnType() != long.class) {
                                code.i2l();
                            }
                            code.invokestatic(
                                            ConstantDescs.CD_Long,
                                            "valueOf",
                                            MethodTypeDesc.of(ConstantDescs.CD_Long, ConstantDescs.CD_long))
                                    .aastore()
                                    .invokestatic(
                                            ClassDesc.of("org.kprobe4j.Kernel"),
                                            "printf",
                                            MethodTypeDesc.of(
                                                    ConstantDescs.CD_void,
                                                    ConstantDescs.CD_String,
                                                    ConstantDescs.CD_Object.arrayType()))
                                    .iconst_0()
                                    .ireturn();
                        }));
    }

    private static ClassDesc desc(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }

    private static void convert(CodeBuilder code, Class<?> type) {
        if (type == long.class) {
            return;
        }
        code.l2i();
        if (type == boolean.class) {
            code.iconst_1().iand();
        } else if (type != int.class) {
            code.conversion(TypeKind.INT, TypeKind.from(type));
        }
    }
}
