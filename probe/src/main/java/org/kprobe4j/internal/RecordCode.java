package org.kprobe4j.internal;

import static java.lang.constant.ConstantDescs.CD_MethodHandle;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_byte;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.CLASS_INIT_NAME;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.RecordLayout;

/**
 * Code that makes one type's records of bytes, and bytes of them: a hidden class for each, written when it is first needed. It is one
 * of this package, not of the record's: whatever loader, module or nest the record is in, it is reached through method handles,
 * which are constants of the class, so the JVM compiles them like calls. For {@code record Clone(int pid, String comm)} it says
 *
 * <pre>{@code
 * Object read(MemorySegment m, long at) {
 *     return C0.invokeExact(m.get(JAVA_INT_UNALIGNED, at), C1.read(m, at + 4));
 * }
 *
 * void write(MemorySegment m, long at, Object r) {
 *     m.set(JAVA_INT_UNALIGNED, at, (int) C0.invokeExact(r));
 *     C2.write(m, at + 4, C1.invokeExact(r));
 * }
 * }</pre>
 */
final class RecordCode {
    /** Makes a record of bytes. */
    interface Reader {
        /** The record at a place. */
        Object read(MemorySegment bytes, long offset);
    }

    /** Makes bytes of a record. */
    interface Writer {
        /** Puts the record where zeros are. */
        void write(MemorySegment bytes, long offset, Object object);
    }

    private static final ClassDesc SELF = ClassDesc.of(RecordCode.class.getPackageName(), "RecordCode$Made");
    private static final ClassDesc SEGMENT = desc(MemorySegment.class);
    private static final ClassDesc LAYOUT = desc(ValueLayout.class);
    private static final ClassDesc CODEC = desc(ComponentCodec.class);
    private static final MethodTypeDesc READ = MethodTypeDesc.of(CD_Object, SEGMENT, CD_long);
    private static final MethodTypeDesc WRITE = MethodTypeDesc.of(CD_void, SEGMENT, CD_long, CD_Object);
    /** Local variables of both methods: this, the segment, the offset (two words), the record. */
    private static final int BYTES = 1;

    private static final int OFFSET = 2;
    private static final int RECORD = 4;

    private final List<Object> constants = new ArrayList<>();

    private RecordCode() {}

    private static ClassDesc desc(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }

    /**
     * The reader of a layout.
     *
     * @param codecs for each component that is no primitive
     */
    static Reader reader(RecordLayout layout, MethodHandle constructor, List<@Nullable ComponentCodec> codecs) {
        var code = new RecordCode();
        return (Reader) code.define(desc(Reader.class), "read", READ, body -> {
            MethodType erased = constructor.type().erase();
            body.getstatic(SELF, code.constant(constructor.asType(erased)), CD_MethodHandle);
            for (int i = 0; i < codecs.size(); i++) {
                code.read(body, layout.components().get(i), codecs.get(i));
            }
            body.invokevirtual(CD_MethodHandle, "invokeExact", desc(erased));
            body.areturn();
        });
    }

    /**
     * The writer of a layout.
     *
     * @param accessors of the components
     * @param codecs for each component that is no primitive
     */
    static Writer writer(RecordLayout layout, List<MethodHandle> accessors, List<@Nullable ComponentCodec> codecs) {
        var code = new RecordCode();
        return (Writer) code.define(desc(Writer.class), "write", WRITE, body -> {
            for (int i = 0; i < codecs.size(); i++) {
                code.write(body, layout.components().get(i), accessors.get(i), codecs.get(i));
            }
            body.return_();
        });
    }

    private static MethodTypeDesc desc(MethodType type) {
        return type.describeConstable().orElseThrow();
    }

    // ---- components ----

    private void read(CodeBuilder body, RecordLayout.Component component, @Nullable ComponentCodec codec) {
        Class<?> type = component.type();
        if (!type.isPrimitive()) {
            body.getstatic(SELF, constant(Objects.requireNonNull(codec)), CODEC);
            place(body, component);
            body.invokeinterface(CODEC, "read", READ);
            return;
        }
        ClassDesc kind = kind(type);
        body.aload(BYTES);
        body.getstatic(LAYOUT, layoutName(type), kind);
        offset(body, component);
        body.invokeinterface(
                SEGMENT, "get", MethodTypeDesc.of(type == boolean.class ? CD_byte : desc(type), kind, CD_long));
        if (type == boolean.class) {
            body.ifThenElse(Opcode.IFNE, b -> b.iconst_1(), CodeBuilder::iconst_0);
        }
    }

    private void write(
            CodeBuilder body, RecordLayout.Component component, MethodHandle accessor, @Nullable ComponentCodec codec) {
        Class<?> type = component.type();
        if (type.isPrimitive()) {
            body.aload(BYTES);
            body.getstatic(LAYOUT, layoutName(type), kind(type));
            offset(body, component);
        } else {
            body.getstatic(SELF, constant(Objects.requireNonNull(codec)), CODEC);
            place(body, component);
        }
        MethodType erased = accessor.type().erase();
        body.getstatic(SELF, constant(accessor.asType(erased)), CD_MethodHandle);
        body.aload(RECORD);
        body.invokevirtual(CD_MethodHandle, "invokeExact", desc(erased));
        if (type.isPrimitive()) {
            ClassDesc value = type == boolean.class ? CD_byte : desc(type);
            body.invokeinterface(SEGMENT, "set", MethodTypeDesc.of(CD_void, kind(type), CD_long, value));
        } else {
            body.invokeinterface(CODEC, "write", WRITE);
        }
    }

    private static void place(CodeBuilder body, RecordLayout.Component component) {
        body.aload(BYTES);
        offset(body, component);
    }

    private static void offset(CodeBuilder body, RecordLayout.Component component) {
        body.lload(OFFSET);
        if (component.offset() != 0) {
            body.loadConstant((long) component.offset());
            body.ladd();
        }
    }

    private static String layoutName(Class<?> type) {
        return type == byte.class || type == boolean.class
                ? "JAVA_BYTE"
                : "JAVA_" + type.getName().toUpperCase(Locale.ROOT) + "_UNALIGNED";
    }

    /** The layout's class, for example {@code ValueLayout.OfLong}. */
    private static ClassDesc kind(Class<?> type) {
        Class<?> kind = switch (type.getName()) {
            case "long" -> ValueLayout.OfLong.class;
            case "int" -> ValueLayout.OfInt.class;
            case "short" -> ValueLayout.OfShort.class;
            case "char" -> ValueLayout.OfChar.class;
            case "byte", "boolean" -> ValueLayout.OfByte.class;
            default -> throw new IllegalArgumentException(type + " has no layout");
        };
        return desc(kind);
    }

    // ---- the class ----

    private String constant(Object object) {
        constants.add(object);
        return "C" + (constants.size() - 1);
    }

    private Object define(ClassDesc as, String method, MethodTypeDesc type, Consumer<CodeBuilder> body) {
        byte[] bytes = ClassFile.of().build(SELF, made -> {
            made.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER).withInterfaceSymbols(as);
            made.withMethodBody(
                    INIT_NAME,
                    MTD_void,
                    0,
                    init -> init.aload(0)
                            .invokespecial(CD_Object, INIT_NAME, MTD_void)
                            .return_());
            made.withMethodBody(method, type, ClassFile.ACC_PUBLIC, body);
            fields(made);
        });
        try {
            MethodHandles.Lookup lookup =
                    MethodHandles.lookup().defineHiddenClassWithClassData(bytes, constants.toArray(), true);
            return lookup.lookupClass().getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot define a class for records", e);
        }
    }

    /** Static and final: what the JVM takes for constants. */
    private void fields(ClassBuilder made) {
        for (int i = 0; i < constants.size(); i++) {
            made.withField("C" + i, type(constants.get(i)), ClassFile.ACC_STATIC | ClassFile.ACC_FINAL);
        }
        ClassDesc objects = CD_Object.arrayType();
        made.withMethodBody(CLASS_INIT_NAME, MTD_void, ClassFile.ACC_STATIC, init -> {
            ClassDesc handles = desc(MethodHandles.class);
            ClassDesc lookup = desc(MethodHandles.Lookup.class);
            init.invokestatic(handles, "lookup", MethodTypeDesc.of(lookup));
            init.loadConstant(ConstantDescs.DEFAULT_NAME);
            init.loadConstant(objects);
            init.invokestatic(
                    handles,
                    "classData",
                    MethodTypeDesc.of(CD_Object, lookup, ConstantDescs.CD_String, ConstantDescs.CD_Class));
            init.checkcast(objects).astore(0);
            for (int i = 0; i < constants.size(); i++) {
                ClassDesc type = type(constants.get(i));
                init.aload(0).loadConstant(i).aaload().checkcast(type).putstatic(SELF, "C" + i, type);
            }
            init.return_();
        });
    }

    private static ClassDesc type(Object constant) {
        return constant instanceof MethodHandle ? CD_MethodHandle : CODEC;
    }
}
