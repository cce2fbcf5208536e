package org.kprobe4j.cli;

import java.io.File;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.ProbeException;
import org.kprobe4j.internal.Explaining;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.targets.TargetReport;

/** Says what a target means and how it is planted: {@code ExplainMain TARGET ALL [CLASSES_FOLDER MAIN_CLASS [ARGUMENT...]]}. */
public final class ExplainMain {
    private static final int NOTHING = 1;
    private static final int FEW = 8;

    private ExplainMain() {}

    /**
     * What is asked.
     *
     * @param target the target
     * @param all whether long lists are wanted in full
     * @param program whose handlers are to be planted; null for none
     * @param arguments of the program
     */
    record Question(String target, boolean all, @Nullable Program program, List<String> arguments) {
        Question {
            arguments = List.copyOf(arguments);
        }

        /** As {@link ExplainMain#main} takes it. */
        List<String> words() {
            List<String> words = new ArrayList<>(List.of(target, Boolean.toString(all)));
            if (program != null) {
                words.addAll(List.of(program.classes().toString(), program.mainClass()));
                words.addAll(arguments);
            }
            return words;
        }

        static Question of(List<String> words) {
            Program program = words.size() < 4 ? null : new Program(new File(words.get(2)).toPath(), words.get(3));
            List<String> arguments = words.size() < 5 ? List.of() : words.subList(4, words.size());
            return new Question(words.get(0), Boolean.parseBoolean(words.get(1)), program, arguments);
        }
    }

    /**
     * Explains the target and ends the JVM.
     *
     * @param args the target, whether all is wanted, and perhaps a program
     */
    public static void main(String[] args) {
        if (args.length < 2) {
            System.err.println("kprobe: usage: ExplainMain TARGET ALL [CLASSES_FOLDER MAIN_CLASS [ARGUMENT...]]");
            System.exit(ProbeException.EXIT_STATUS);
        }
        System.exit(explain(Question.of(Arrays.asList(args)), System.out, System.err));
    }

    /** Says what a target means; the exit status. */
    static int explain(Question question, PrintStream out, PrintStream err) {
        Runs.linkAhead();
        try {
            TargetReport report = TargetReport.of(question.target(), question.all());
            report.lines().forEach(out::println);
            out.flush();
            report.errors().forEach(error -> err.println("kprobe: " + error));
            if (report.places() == 0) {
                return NOTHING;
            }
            Program program = question.program();
            if (program != null) {
                return ofProgram(question, program, out);
            }
            PlanText.ofSamples(question.target(), report.places() <= FEW).forEach(out::println);
            return 0;
        } catch (RuntimeException e) {
            err.println("kprobe: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
            if (RunMain.debugging()) {
                e.printStackTrace(err);
            }
            return ProbeException.EXIT_STATUS;
        }
    }

    /** The program runs up to where it waits. */
    private static int ofProgram(Question question, Program program, PrintStream out) {
        Explaining.begin(question.target());
        int status = RunMain.run(
                ProgramLoader.of(program.classes().toFile()),
                program.mainClass(),
                question.arguments().toArray(String[]::new));
        if (status == 0) {
            PlanText.ofProgram(Explaining.noted()).forEach(out::println);
        }
        return status;
    }
}
