package org.kprobe4j.cli;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles the user's file with the JDK's own compiler, in this process. Other source files beside it are found by the names of
 * their classes and compiled with it; compact source files are welcome.
 */
final class ProgramCompiler {
    private static final int SHOWN_ERRORS = 20;

    private final String classPath;

    /** A compiler of programs that see this class path. */
    ProgramCompiler(String classPath) {
        this.classPath = classPath;
    }

    /**
     * Compiles a file.
     *
     * @param file the user's file
     * @param classes the folder to write the classes to
     * @throws KprobeException if the file cannot be read, or nothing in it can be run
     * @throws CompilationException if it does not compile
     */
    Program compile(Path file, Path classes) {
        SourceFile.requireReadable(file);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new KprobeException("this Java runtime has no compiler: " + System.getProperty("java.home")
                    + "; use a full JDK (set JAVA_HOME)");
        }
        var diagnostics = new DiagnosticCollector<JavaFileObject>();
        try (StandardJavaFileManager files =
                compiler.getStandardFileManager(diagnostics, Locale.ROOT, StandardCharsets.UTF_8)) {
            JavaFileObject source =
                    new SourceFile(files.getJavaFileObjects(file).iterator().next());
            var task = (JavacTask) compiler.getTask(
                    null, files, diagnostics, options(classes, Optional.empty()), null, List.of(source));
            CompilationUnitTree unit = task.parse().iterator().next();
            requireNoErrors(file, diagnostics);
            Path root = sourceRoot(file, unit);
            String mainClass = mainClass(file, unit);
            diagnostics = new DiagnosticCollector<>();
            compiler.getTask(null, files, diagnostics, options(classes, Optional.of(root)), null, List.of(source))
                    .call();
            requireNoErrors(file, diagnostics);
            keepSources(file, mainClass, root, classes);
            return new Program(classes, mainClass);
        } catch (IOException e) {
            throw new KprobeException("cannot compile " + file + ": " + e);
        }
    }

    /** Beside the classes: there kprobe4j finds the lines that it shows the verifier and bpftool. */
    private static void keepSources(Path file, String mainClass, Path root, Path classes) throws IOException {
        Path kept = classes.resolve(mainClass.replace('.', '/')).resolveSibling(file.getFileName());
        Files.copy(file, kept, StandardCopyOption.REPLACE_EXISTING);
        List<Path> compiled;
        try (Stream<Path> tree = Files.walk(classes)) {
            compiled = tree.filter(path -> path.toString().endsWith(".class")).toList();
        }
        for (Path path : compiled) {
            String name = classes.relativize(path).toString().replaceFirst("(\\$.*)?\\.class$", ".java");
            if (Files.isReadable(root.resolve(name)) && !Files.exists(classes.resolve(name))) {
                Files.copy(root.resolve(name), classes.resolve(name));
            }
        }
    }

    private List<String> options(Path classes, Optional<Path> root) {
        String sourcePath = root.map(Path::toString).orElse("");
        return List.of(
                "-g",
                "-parameters",
                "-proc:none",
                "-nowarn",
                "-implicit:class",
                "-classpath",
                classPath,
                "-sourcepath",
                sourcePath,
                "-d",
                classes.toString());
    }

    /** The folder that the file's package begins in. */
    private static Path sourceRoot(Path file, CompilationUnitTree unit) {
        Path root = file.toAbsolutePath().normalize().getParent();
        if (unit.getPackageName() != null) {
            for (String _ : unit.getPackageName().toString().split("\\.")) {
                root = root == null ? null : root.getParent();
            }
        }
        return root == null ? Path.of("/") : root;
    }

    /** The first class of the file, as for the JDK's source launcher. */
    private static String mainClass(Path file, CompilationUnitTree unit) {
        for (Tree type : unit.getTypeDecls()) {
            if (type instanceof ClassTree declared) {
                String name = declared.getSimpleName().toString();
                return unit.getPackageName() == null ? name : unit.getPackageName() + "." + name;
            }
        }
        throw new KprobeException(file + " declares no class and no method; add: void main(String[] args) { ... }");
    }

    private static void requireNoErrors(Path file, DiagnosticCollector<JavaFileObject> diagnostics) {
        List<String> errors = diagnostics.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .map(diagnostic -> line(file, diagnostic))
                .distinct()
                .toList();
        if (errors.isEmpty()) {
            return;
        }
        String text = errors.stream().limit(SHOWN_ERRORS).collect(Collectors.joining("\n"));
        int more = errors.size() - SHOWN_ERRORS;
        throw new CompilationException(more > 0 ? text + "\nand " + more + " more errors" : text);
    }

    /** One line, like {@code Opens.java:14: cannot find symbol; symbol: variable fd; location: class Opens}. */
    private static String line(Path file, Diagnostic<? extends JavaFileObject> diagnostic) {
        String message = diagnostic
                .getMessage(Locale.ROOT)
                .lines()
                .map(part -> part.strip().replaceAll("\\s+", " "))
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining("; "));
        JavaFileObject source = diagnostic.getSource();
        if (source == null) {
            return file + ": " + message;
        }
        // What the user typed for the file itself; other files were found by the compiler.
        String name = source instanceof SourceFile ? file.toString() : source.getName();
        return name + ":" + diagnostic.getLineNumber() + ": " + message;
    }
}
