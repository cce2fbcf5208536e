package org.kprobe4j.lab.junit;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Listens to a run: a line per class when it is done, a failure as soon as it happens, and the sum. */
final class TestProgress implements TestExecutionListener {
    /** How a test ended. */
    sealed interface Outcome {
        /** It passed. */
        record Passed() implements Outcome {}

        /** It did not run, or gave up on an assumption. */
        record Skipped(String reason) implements Outcome {}

        /** It failed. */
        record Failed(Throwable cause) implements Outcome {}
    }

    /** One test's result. */
    record Result(String className, String name, Outcome outcome, Duration elapsed) {}

    private static final int TRACE_LINES = 25;

    private final PrintStream out;
    private final List<Result> results = new ArrayList<>();
    private final Map<String, Long> startNanos = new ConcurrentHashMap<>();
    private @Nullable TestPlan plan;

    TestProgress(PrintStream out) {
        this.out = out;
    }

    @Override
    public void testPlanExecutionStarted(TestPlan testPlan) {
        plan = testPlan;
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        startNanos.put(test.getUniqueId(), System.nanoTime());
    }

    @Override
    public synchronized void executionSkipped(TestIdentifier test, String reason) {
        abort(test, reason);
        classDone(test);
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Throwable cause = result.getThrowable().orElseGet(() -> new AssertionError("no cause given"));
        switch (result.getStatus()) {
            case SUCCESSFUL -> {
                if (test.isTest()) {
                    add(test, new Outcome.Passed());
                }
            }
            case ABORTED -> abort(test, String.valueOf(cause.getMessage()));
            case FAILED -> {
                add(test, new Outcome.Failed(cause));
                out.println("FAILED " + className(test) + " " + test.getDisplayName() + ": " + trace(cause));
            }
        }
        classDone(test);
    }

    /** What is skipped as a whole, or an assumption that failed for a whole class, skips its tests. */
    private void abort(TestIdentifier test, String reason) {
        if (test.isTest()) {
            add(test, new Outcome.Skipped(reason));
        } else if (plan != null) {
            plan.getDescendants(test).stream()
                    .filter(TestIdentifier::isTest)
                    .forEach(inside -> add(inside, new Outcome.Skipped(reason)));
        }
    }

    private void add(TestIdentifier test, Outcome outcome) {
        Long start = startNanos.get(test.getUniqueId());
        Duration elapsed = start == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - start);
        results.add(new Result(className(test), test.getDisplayName(), outcome, elapsed));
    }

    private void classDone(TestIdentifier test) {
        boolean isClass = test.getSource().filter(ClassSource.class::isInstance).isPresent();
        if (!isClass) {
            return;
        }
        String name = className(test);
        TestTally tally = tally(results.stream()
                .filter(result -> result.className().equals(name))
                .toList());
        Long start = startNanos.get(test.getUniqueId());
        double seconds = start == null ? 0 : (System.nanoTime() - start) / 1e9;
        out.println("%s %s: %s (%.1f s)"
                .formatted(tally.failed() == 0 ? "ok    " : "FAILED", name, tally.closingLine(), seconds));
    }

    private String className(TestIdentifier test) {
        return switch (test.getSource().orElse(null)) {
            case ClassSource source -> source.getClassName();
            case MethodSource source -> source.getClassName();
            case null, default -> parent(test).map(this::className).orElse(test.getDisplayName());
        };
    }

    private Optional<TestIdentifier> parent(TestIdentifier test) {
        return plan == null ? Optional.empty() : plan.getParent(test);
    }

    static String trace(Throwable cause) {
        StringWriter text = new StringWriter();
        cause.printStackTrace(new PrintWriter(text, true));
        List<String> lines = text.toString().lines().limit(TRACE_LINES).toList();
        return String.join("\n", lines);
    }

    synchronized List<Result> results() {
        return List.copyOf(results);
    }

    TestTally tally() {
        return tally(results());
    }

    private static TestTally tally(List<Result> results) {
        Map<String, Integer> counts = new HashMap<>();
        Map<String, Integer> reasons = new TreeMap<>();
        for (Result result : results) {
            counts.merge(result.outcome().getClass().getSimpleName(), 1, Integer::sum);
            if (result.outcome() instanceof Outcome.Skipped(String reason)) {
                reasons.merge(reason.replaceAll("\\s+", " ").strip(), 1, Integer::sum);
            }
        }
        return new TestTally(counts.getOrDefault("Passed", 0), counts.getOrDefault("Failed", 0), reasons);
    }
}
