package org.kprobe4j.lab.junit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The test runner inside the guest: runs what it is told, prints as it goes, leaves reports. Needs no options parser. */
public final class GuestTestRun {
    static final String TALLY = "tally.txt";

    private GuestTestRun() {}

    /**
     * Runs the tests and exits with 0 if none failed, 1 if some did.
     *
     * @param args pairs of an option and its value: {@code --reports FOLDER}, and any number of {@code --class NAME},
     *     {@code --package NAME}, {@code --root FOLDER}, {@code --tag NAME}
     * @throws IOException if the reports cannot be written
     */
    public static void main(String[] args) throws IOException {
        Path reports = Path.of(".");
        List<DiscoverySelector> selectors = new ArrayList<>();
        List<String> tags = new ArrayList<>();
        Set<Path> roots = new LinkedHashSet<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            String value = args[i + 1];
            switch (args[i]) {
                case "--reports" -> reports = Path.of(value);
                case "--class" -> selectors.add(selectClass(value));
                case "--package" -> selectors.add(selectPackage(value));
                case "--root" -> roots.add(Path.of(value));
                case "--tag" -> tags.add(value);
                default -> throw new IllegalArgumentException(args[i]);
            }
        }
        if (selectors.isEmpty()) {
            selectors.addAll(selectClasspathRoots(roots));
        }
        LauncherDiscoveryRequestBuilder request =
                LauncherDiscoveryRequestBuilder.request().selectors(selectors);
        if (!tags.isEmpty()) {
            request.filters(TagFilter.includeTags(tags));
        }
        System.exit(run(request.build(), Files.createDirectories(reports)));
    }

    private static int run(LauncherDiscoveryRequest request, Path reports) throws IOException {
        TestProgress progress = new TestProgress(System.out);
        LauncherFactory.create().execute(request, progress);
        TestTally tally = progress.tally();
        SurefireReport.write(reports, progress.results());
        Files.write(reports.resolve(TALLY), tally.toLines());
        return tally.failed() == 0 ? 0 : 1;
    }
}
