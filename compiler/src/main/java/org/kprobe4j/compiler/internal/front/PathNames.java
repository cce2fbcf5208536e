package org.kprobe4j.compiler.internal.front;

import java.util.List;

/** Names of files, put together by the API's own routines. */
final class PathNames {
    private static final String PATH_OF = "(Lorg/kprobe4j/internal/PathRoutines$Path;)Ljava/lang/String;";
    private static final String NAME_OF = "(Lorg/kprobe4j/internal/PathRoutines$Dentry;)Ljava/lang/String;";

    private PathNames() {}

    /** {@code Kernel.path(struct)}: of a {@code struct path} or of a {@code struct file}, which has one in it. */
    static Operand path(CallSite site) {
        Operand.Struct struct = struct(site);
        String kind = site.translation().kernelTypes().structName(struct.type());
        return switch (kind) {
            case "path" -> call(site, "path", PATH_OF, new Operand.Struct(struct.address(), Routines.PATH + "$Path"));
            case "file" ->
                call(
                        site,
                        "path",
                        "(Lorg/kprobe4j/internal/PathRoutines$File;)Ljava/lang/String;",
                        new Operand.Struct(struct.address(), Routines.PATH + "$File"));
            default ->
                throw new Refusal("Kernel.path needs a struct path or a struct file, this is struct %s%s"
                        .formatted(kind, kind.equals("dentry") ? "; use Kernel.dentryPath" : ""));
        };
    }

    /** {@code Kernel.dentryPath(struct)}. */
    static Operand dentryPath(CallSite site) {
        Operand.Struct struct = struct(site);
        String kind = site.translation().kernelTypes().structName(struct.type());
        if (!kind.equals("dentry")) {
            throw new Refusal("Kernel.dentryPath needs a struct dentry, this is struct " + kind);
        }
        return call(site, "dentryPath", NAME_OF, new Operand.Struct(struct.address(), Routines.PATH + "$Dentry"));
    }

    private static Operand.Struct struct(CallSite site) {
        if (site.argument(0) instanceof Operand.Struct struct) {
            return struct;
        }
        throw new Refusal(
                "Kernel.%s needs a structure, by an interface that extends KernelStruct".formatted(site.name()));
    }

    private static Operand call(CallSite site, String name, String descriptor, Operand argument) {
        return Routines.call(site, Routines.PATH, name, descriptor, List.of(argument));
    }
}
