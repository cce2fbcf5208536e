# Sourced by check: the kernels of the lab beside the standard one, and the table of all of them.
# Needs bash and: $repo, $reports, $cache, $java_home, $libraries, $test_path; say, tally, count_tests, explain_tests.
# shellcheck shell=bash

readonly matrix_rows=(5.10 6.1 6.12 7.2 6.12-arm64 7.2-arm64 6.12-armhf)
readonly matrix_document=docs/matrix.md
# 32-bit Arm interprets Java under emulation: the basic tests only. Kernels without BTF have nothing that the others ask for.
readonly armhf_classes=(
    org.kprobe4j.bpf.tracefs.KprobeEventsKernelTest
    org.kprobe4j.bpf.ringbuf.RingBufferKernelTest
    org.kprobe4j.KprobeKernelTest
    org.kprobe4j.KretprobeKernelTest
)

# run_examples ROW...: the two examples under each of these kernels, two kernels at a time.
run_examples() {
    local status=0 IFS=,
    local rows="$*"
    rm -rf "$reports/rows"
    "$java_home/bin/java" -ea --enable-native-access=ALL-UNNAMED -Dkprobe4j.program.path="$program_path" \
        -Dkprobe4j.rows="$rows" -Djunit.jupiter.execution.parallel.enabled=true \
        -Djunit.jupiter.execution.parallel.config.strategy=fixed \
        -Djunit.jupiter.execution.parallel.config.fixed.parallelism=2 -cp "$test_path" \
        org.kprobe4j.lab.junit.GuestTestRun --reports "$reports/rows" --class org.kprobe4j.cli.ExampleRowsTest \
        < /dev/null || status=$?
    [[ -e $reports/rows/tally.txt ]] || note_failure rows "the test runner ended with status $status"
}

# The two examples on every row but the standard one, whose kernel and lab tests have them.
run_rows_tests() {
    local -a rows=()
    local row
    for row in "${matrix_rows[@]}"; do
        [[ $row == "$kernel" ]] || rows+=("$row")
    done
    say "the two examples under ${rows[*]}…"
    find_class_paths
    run_examples "${rows[@]}"
    tally rows "$reports/rows"
}

# kernel_tests ROW SECONDS: the tests of one row; reports in $reports/matrix/ROW.
kernel_tests() {
    local -a selection=(--tag kernel)
    local class
    if [[ $1 == *-armhf ]]; then
        for class in "${armhf_classes[@]}"; do
            selection+=(--class "$class")
        done
    fi
    rm -rf "$reports/matrix/$1"
    "$java_home/bin/java" -cp "$libraries/kprobe4j-lab.jar" org.kprobe4j.lab.LabMain junit --row "$1" "${selection[@]}" \
        --class-path "$test_path" --reports "$reports/matrix" --time-limit "$2" \
        -- -ea --enable-native-access=ALL-UNNAMED < /dev/null > "$reports/matrix-$1.log" 2>&1
}

run_matrix_tests() {
    local row
    find_class_paths
    for row in "${matrix_rows[@]}"; do
        say "the tests in the VM, Linux $row…"
        kernel_tests "$row" 5400 || true
        [[ -e $reports/matrix/$row/tally.txt ]] ||
            note_failure "kernel $row" "the guest did not survive its tests; see $reports/matrix-$row.log"
        tally "kernel $row" "$reports/matrix/$row"
    done
    say "the two examples under every kernel…"
    run_examples "${matrix_rows[@]}"
    tally rows "$reports/rows"
    write_matrix > "$repo/$matrix_document"
    say "the table is in $matrix_document"
}

# What the example test of a row says: passed, failed, or -.
examples_of() {
    local xml
    xml=$(cat "$reports"/rows/TEST-*.xml 2> /dev/null | tr '\n' ' ' | sed 's/<testcase /\n&/g' | grep -F " name=\"$1\"") || {
        echo -
        return
    }
    [[ $xml == *'<failure'* ]] && echo failed || echo passed
}

write_matrix() {
    local row release
    local -a counts files
    printf '# The matrix\n\nMade by `./check --matrix` on %s.\n\n' "$(date -u +%F)"
    printf '| row | kernel | two examples | tests passed | skipped | failed |\n| --- | --- | --- | --- | --- | --- |\n'
    for row in "${matrix_rows[@]}"; do
        release=$(sed -n 's/^release=//p' "$cache/lab"/kernel-*-"$row"/kernel.properties 2> /dev/null | tail -n 1)
        files=("$reports/matrix/$row"/TEST-*.xml)
        counts=(- - -)
        [[ -e ${files[0]} ]] &&
            read -ra counts < <(cat "${files[@]}" | grep -o '<testsuite [^>]*>' | count_tests)
        printf '| %s | %s | %s | %s | %s | %s |\n' \
            "$row" "${release:--}" "$(examples_of "$row")" "${counts[0]}" "${counts[2]}" "${counts[1]}"
    done
    printf '\nOn 6.12-armhf only the basic tests run: its JVM interprets.\n'
    for row in "${matrix_rows[@]}"; do
        files=("$reports/matrix/$row"/TEST-*.xml)
        [[ -e ${files[0]} ]] || continue
        explain_tests "${files[@]}" | sort | sed 's/^/- /' > "$reports/matrix-explained"
        [[ -s $reports/matrix-explained ]] || continue
        printf '\n## %s\n\n' "$row"
        cat "$reports/matrix-explained"
    done
}
