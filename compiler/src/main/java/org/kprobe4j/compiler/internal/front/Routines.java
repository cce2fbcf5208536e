package org.kprobe4j.compiler.internal.front;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.ir.Position;

/** Calls of our own Java that is compiled into a handler in the place of a call. */
final class Routines {
    static final String TEXT = "org/kprobe4j/compiler/internal/routine/TextRoutines";
    static final String PATH = "org/kprobe4j/internal/PathRoutines";

    private static final String PACKAGE = "org/kprobe4j/compiler/internal/routine/";

    private Routines() {}

    /** Whether a class comes with the compiler. */
    static boolean isOne(String internalName) {
        return internalName.startsWith(PACKAGE);
    }

    static byte @Nullable [] classFile(String internalName) {
        try (InputStream in = Routines.class.getResourceAsStream("/" + internalName + ".class")) {
            return in == null ? null : in.readAllBytes();
        } catch (IOException e) {
            return null;
        }
    }

    /** Compiles a routine in the place of a call; what it stops at is said of the call. */
    static Operand call(CallSite site, String owner, String name, String descriptor, List<Operand> arguments) {
        Translation translation = site.translation();
        MethodCode method = translation.method(owner, name, descriptor);
        if (method == null) {
            throw new Refusal("the class file of %s cannot be found through the handler's class loader"
                    .formatted(Translation.javaName(owner)));
        }
        Position position = site.builder().position();
        JdkCall within = site.flow().jdkCall();
        var inside = within != null ? within : new JdkCall(position, site.owner(), site.name());
        var result = new Operand[1];
        translation.inside(method, arguments, () -> {
            var returned = new MethodTranslator(translation, method, inside).translate(site.state(), arguments);
            if (returned == null) {
                throw new MethodTranslator.DeadEnd();
            }
            site.state().returned(returned.state());
            result[0] = returned.value() == null ? CallSite.NOTHING : returned.value();
        });
        site.builder().at(position);
        return result[0];
    }
}
