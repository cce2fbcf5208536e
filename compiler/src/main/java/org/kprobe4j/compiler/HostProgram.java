package org.kprobe4j.compiler;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The Java program that a handler belongs to, as far as the compiler asks about it. */
public interface HostProgram {
    /**
     * The class file of a class.
     *
     * @param internalName for example {@code java/lang/Math}
     * @return its bytes, or null if they cannot be found
     */
    byte @Nullable [] classFile(String internalName);

    /**
     * The value of a final field, which becomes a constant of the program.
     *
     * @param owner internal name of the class that declares the field
     * @param field name of the field
     * @param receiver the object, or null for a static field
     * @return the value, wrapped; nothing if the field is not final or cannot be read
     */
    Optional<Constant> finalField(String owner, String field, @Nullable Object receiver);

    /**
     * The kernel object that a captured Java object stands for.
     *
     * @param captured an object from the handler's captures or a final field
     * @return the object, or nothing if it stands for none
     */
    Optional<KernelObject> kernelObject(Object captured);

    /**
     * Where the kernel that will run the program keeps its variables, looked up at once.
     *
     * @param names as the kernel's source spells them
     * @return the addresses of each that exists; several where the name is not unique
     * @throws IllegalStateException with the reason, if the kernel does not show its symbols
     */
    default Map<String, List<Long>> variableAddresses(Set<String> names) {
        return Map.of();
    }

    /**
     * The kernel's variables whose names differ least from one that does not exist.
     *
     * @param name what was asked for
     * @return the nearest first
     */
    default List<String> nearestVariables(String name) {
        return List.of();
    }

    /**
     * A value that may be null.
     *
     * @param value the value
     */
    record Constant(@Nullable Object value) {}
}
