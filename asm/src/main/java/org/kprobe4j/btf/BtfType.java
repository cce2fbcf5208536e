package org.kprobe4j.btf;

import java.util.List;

/**
 * A type. Types refer to others by id, which {@link Btf#type(int)} turns into the type; 0 is {@code void}. An anonymous type has the
 * empty name.
 *
 * <p>Source: Documentation/bpf/btf.rst; include/uapi/linux/btf.h.
 */
@SuppressWarnings("AvoidCommonTypeNames") // BTF's own words, always written BtfType.Enum
public sealed interface BtfType {
    /**
     * The type's number in its BTF.
     *
     * @return from 0
     */
    int id();

    /**
     * The name; empty for an anonymous type and for kinds that have none.
     *
     * @return the name
     */
    default String name() {
        return "";
    }

    /** {@code void}, which every BTF has as type 0. */
    record Void() implements BtfType {
        @Override
        public int id() {
            return 0;
        }
    }

    /**
     * An integer, boolean or character.
     *
     * @param id the type's number
     * @param name such as {@code long unsigned int}
     * @param sizeBytes what a variable of it takes
     * @param bits the value's width, of old bit fields less than the size
     * @param bitOffset the value's place in the variable, of old bit fields not 0
     * @param signed whether it has a sign
     * @param character whether it is a character
     * @param bool whether it is a boolean
     */
    record Int(
            int id,
            String name,
            int sizeBytes,
            int bits,
            int bitOffset,
            boolean signed,
            boolean character,
            boolean bool)
            implements BtfType {}

    /**
     * A pointer.
     *
     * @param id the type's number
     * @param target what it points to
     */
    record Pointer(int id, int target) implements BtfType {}

    /**
     * An array.
     *
     * @param id the type's number
     * @param element type of an element
     * @param index type of an index
     * @param length number of elements, 0 for a flexible array
     */
    record Array(int id, int element, int index, int length) implements BtfType {}

    /** A struct or a union: named members with offsets. */
    sealed interface Composite extends BtfType {
        /**
         * What a variable of the type takes.
         *
         * @return bytes
         */
        int sizeBytes();

        /**
         * The members, anonymous ones included.
         *
         * @return in declaration order
         */
        List<Member> members();
    }

    /**
     * A struct.
     *
     * @param id the type's number
     * @param name the tag
     * @param sizeBytes what a variable of it takes
     * @param members in declaration order
     */
    record Struct(int id, String name, int sizeBytes, List<Member> members) implements Composite {}

    /**
     * A union.
     *
     * @param id the type's number
     * @param name the tag
     * @param sizeBytes what a variable of it takes
     * @param members in declaration order
     */
    record Union(int id, String name, int sizeBytes, List<Member> members) implements Composite {}

    /**
     * A member of a struct or union.
     *
     * @param name empty if anonymous
     * @param type its type
     * @param bitOffset bits from the start
     * @param bitSize the width of a bit field, 0 if it is none
     */
    record Member(String name, int type, int bitOffset, int bitSize) {}

    /** An enumeration of any width. */
    sealed interface Enumeration extends BtfType {
        /**
         * What a variable of the type takes.
         *
         * @return bytes
         */
        int sizeBytes();

        /**
         * The constants.
         *
         * @return in declaration order
         */
        List<Enumerator> enumerators();
    }

    /**
     * An enumeration of up to 32 bits.
     *
     * @param id the type's number
     * @param name the tag
     * @param sizeBytes what a variable of it takes
     * @param signed whether values have a sign; older BTF does not say and has false
     * @param enumerators in declaration order
     */
    record Enum(int id, String name, int sizeBytes, boolean signed, List<Enumerator> enumerators)
            implements Enumeration {}

    /**
     * An enumeration of up to 64 bits.
     *
     * @param id the type's number
     * @param name the tag
     * @param sizeBytes what a variable of it takes
     * @param signed whether values have a sign
     * @param enumerators in declaration order
     */
    record Enum64(int id, String name, int sizeBytes, boolean signed, List<Enumerator> enumerators)
            implements Enumeration {}

    /**
     * A constant of an enumeration.
     *
     * @param name its name
     * @param value its value; of a 32-bit enumeration the 32 bits sign-extended
     */
    record Enumerator(String name, long value) {}

    /**
     * A struct or union that is declared only.
     *
     * @param id the type's number
     * @param name the tag
     * @param union a union, else a struct
     */
    record Fwd(int id, String name, boolean union) implements BtfType {}

    /**
     * Another name of a type.
     *
     * @param id the type's number
     * @param name the new name
     * @param target the type it names
     */
    record Typedef(int id, String name, int target) implements BtfType {}

    /**
     * A {@code volatile} type.
     *
     * @param id the type's number
     * @param target the type without it
     */
    record Volatile(int id, int target) implements BtfType {}

    /**
     * A {@code const} type.
     *
     * @param id the type's number
     * @param target the type without it
     */
    record Const(int id, int target) implements BtfType {}

    /**
     * A {@code restrict} pointer.
     *
     * @param id the type's number
     * @param target the type without it
     */
    record Restrict(int id, int target) implements BtfType {}

    /**
     * A function.
     *
     * @param id the type's number, which fentry programs attach to
     * @param name its name
     * @param proto its {@link FunctionProto}
     * @param linkage who can see it
     */
    record Function(int id, String name, int proto, Linkage linkage) implements BtfType {}

    /**
     * A function's parameters and result.
     *
     * @param id the type's number
     * @param result the returned type, 0 for {@code void}
     * @param params the parameters without the dots of a variadic function
     * @param variadic whether more arguments may follow
     */
    record FunctionProto(int id, int result, List<Param> params, boolean variadic) implements BtfType {}

    /**
     * A parameter of a function.
     *
     * @param name its name, empty in a pointer's target
     * @param type its type
     */
    record Param(String name, int type) {}

    /**
     * A variable.
     *
     * @param id the type's number
     * @param name its name
     * @param type its type
     * @param linkage who can see it
     */
    record Var(int id, String name, int type, Linkage linkage) implements BtfType {}

    /**
     * A section of variables, such as {@code .data..percpu}.
     *
     * @param id the type's number
     * @param name its name
     * @param sizeBytes of the whole section
     * @param variables what lies in it
     */
    record DataSection(int id, String name, int sizeBytes, List<SectionVariable> variables) implements BtfType {}

    /**
     * A variable's place in a section.
     *
     * @param type its {@link Var}
     * @param offset bytes from the section's start
     * @param sizeBytes what it takes
     */
    record SectionVariable(int type, int offset, int sizeBytes) {}

    /**
     * A floating-point number.
     *
     * @param id the type's number
     * @param name such as {@code double}
     * @param sizeBytes what a variable of it takes
     */
    record Float(int id, String name, int sizeBytes) implements BtfType {}

    /**
     * An attribute of a declaration.
     *
     * @param id the type's number
     * @param name the attribute
     * @param target the declaration's type
     * @param component which member or parameter, -1 for the declaration itself
     */
    record DeclTag(int id, String name, int target, int component) implements BtfType {}

    /**
     * An attribute of a type, such as {@code user} or {@code rcu}.
     *
     * @param id the type's number
     * @param name the attribute
     * @param target the type without it
     */
    record TypeTag(int id, String name, int target) implements BtfType {}
}
