package org.kprobe4j.internal.targets;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.btf.Btf;

/** A main that times resolutions on copies of a kernel's files: {@code FOLDER TARGET…}. */
final class ResolutionTimes {
    private static final int ROUNDS = 5;

    private ResolutionTimes() {}

    public static void main(String[] args) {
        KernelTypes none = new KernelTypes() {
            @Override
            public Optional<Btf> kernel() {
                return Optional.empty();
            }

            @Override
            public List<String> modules() {
                return List.of();
            }

            @Override
            public Optional<Btf> module(String name) {
                return Optional.empty();
            }
        };
        boolean running = args[0].equals("/");
        TargetResolver resolver =
                running ? TargetResolver.running() : TargetResolver.of(FunctionFiles.under(Path.of(args[0])), none);
        for (String target : args) {
            if (!target.equals(args[0])) {
                time(resolver, target);
            }
        }
    }

    private static void time(TargetResolver resolver, String target) {
        TargetSpec spec = TargetSpec.parse(target);
        var times = new StringBuilder();
        Resolution resolution = resolver.resolve(spec);
        for (int i = 0; i < ROUNDS; i++) {
            long start = System.nanoTime();
            resolution = resolver.resolve(spec);
            times.append(" ").append((System.nanoTime() - start) / 1_000_000);
        }
        System.out.printf("%s:%s ms%n%s%n", target, times, resolution.summary());
        resolution.places().stream()
                .limit(4)
                .forEach(place -> System.out.println(
                        "    + " + place + " " + place.function().aliases()));
        resolution.leftOut().stream().limit(4).forEach(left -> System.out.println("    - " + left));
    }
}
