# Sourced by check: the kernels of the lab beside the standard one, and the table of all of them.
# Needs bash and: $repo, $reports, $cache, $java_home, $libraries, $test_path; say, tally, count_tests, explain_tests.
# shellcheck shell=bash

readonly matrix_rows=(5.10 6.1 6.12 7.2 6.12-arm64 7.2-arm64 6.12-armhf)
readonly matrix_document=docs/matrix.md
# Under emulation, what other architectures can do otherwise: the probes, what they pass on, targets and refusals.
readonly arm64_classes=(
    org.kprobe4j.bpf.BpfKernelTest
    org.kprobe4j.bpf.MapTypesKernelTest
    org.kprobe4j.bpf.MultiRefusalKernelTest
    org.kprobe4j.bpf.features.FeaturesKernelTest
    org.kprobe4j.bpf.perf.PerfProbeKernelTest
    org.kprobe4j.bpf.ringbuf.RingBufferKernelTest
    org.kprobe4j.bpf.symbols.SymbolsKernelTest
    org.kprobe4j.bpf.tracefs.KprobeEventsKernelTest
    org.kprobe4j.KprobeKernelTest
    org.kprobe4j.KretprobeKernelTest
    org.kprobe4j.KretprobeScenariosKernelTest
    org.kprobe4j.KernelProbesKernelTest
    org.kprobe4j.ManyPlacesKernelTest
    org.kprobe4j.MapKernelTest
    org.kprobe4j.MechanismKernelTest
    org.kprobe4j.RegisterKernelTest
    org.kprobe4j.RingKernelTest
    org.kprobe4j.SessionKernelTest
    org.kprobe4j.internal.PostKernelTest
    org.kprobe4j.internal.RefusalKernelTest
    org.kprobe4j.internal.targets.TargetKernelTest
)
# 32-bit Arm interprets Java under emulation, and its kernel has no BTF.
readonly armhf_classes=(
    org.kprobe4j.bpf.features.FeaturesKernelTest
    org.kprobe4j.bpf.ringbuf.RingBufferKernelTest
    org.kprobe4j.bpf.tracefs.KprobeEventsKernelTest
    org.kprobe4j.KprobeKernelTest
    org.kprobe4j.KretprobeKernelTest
    org.kprobe4j.internal.RefusalKernelTest
)
# The rows of this run: all, or those that were named.
chosen_rows=("${matrix_rows[@]}")

# choose_rows ROW...: without any, all.
choose_rows() {
    local row
    for row in "$@"; do
        [[ " ${matrix_rows[*]} " == *" $row "* ]] || die "no kernel '$row'; there are ${matrix_rows[*]}"
    done
    (($# == 0)) || chosen_rows=("$@")
}

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
    local -a selection=(--tag kernel) classes=()
    local class
    case $1 in
        *-armhf) classes=("${armhf_classes[@]}") ;;
        *-arm64) classes=("${arm64_classes[@]}") ;;
    esac
    for class in "${classes[@]}"; do
        selection+=(--class "$class")
    done
    rm -rf "$reports/matrix/$1"
    "$java_home/bin/java" -cp "$libraries/kprobe4j-lab.jar" org.kprobe4j.lab.LabMain junit --row "$1" "${selection[@]}" \
        --class-path "$test_path" --reports "$reports/matrix" --time-limit "$2" \
        -- -ea --enable-native-access=ALL-UNNAMED -Dkprobe4j.program.path="$program_path" < /dev/null 2>&1 |
        tee "$reports/matrix-$1.log" | grep --line-buffered -E '^(ok    |FAILED) org' >&2
}

run_matrix_tests() {
    local row
    find_class_paths
    for row in "${chosen_rows[@]}"; do
        say "the tests in the VM, Linux $row…"
        kernel_tests "$row" 5400 || true
        [[ -e $reports/matrix/$row/tally.txt ]] ||
            note_failure "kernel $row" "the guest did not survive its tests; see $reports/matrix-$row.log"
        tally "kernel $row" "$reports/matrix/$row"
    done
    say "the two examples under ${chosen_rows[*]}…"
    run_examples "${chosen_rows[@]}"
    tally rows "$reports/rows"
    write_matrix "$repo/$matrix_document"
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

# fresh_line ROW: its line of the first table, from this run's reports.
fresh_line() {
    local release
    local -a counts=(- 1 -) files=("$reports/matrix/$1"/TEST-*.xml)
    release=$(sed -n 's/^release=//p' "$cache/lab"/kernel-*-"$1"/kernel.properties 2> /dev/null | tail -n 1)
    [[ ! -e ${files[0]} ]] ||
        read -ra counts < <(cat "${files[@]}" | grep -o '<testsuite [^>]*>' | count_tests)
    printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$1" "${release:--}" "$(date -u +%F)" "$(examples_of "$1")" \
        "${counts[0]}" "${counts[2]}" "${counts[1]}"
}

# fresh_section ROW: why tests were skipped, and which failed.
fresh_section() {
    local -a files=("$reports/matrix/$1"/TEST-*.xml)
    [[ -e ${files[0]} ]] || {
        echo '- failed: the guest did not survive its tests'
        return
    }
    explain_tests "${files[@]}" | sed 's/ Assumption failed: / /; s/^/- /' | sort
}

# fresh_cells ROW: lines of row, class and what became of its tests.
fresh_cells() {
    local -a files=("$reports/matrix/$1"/TEST-*.xml)
    [[ -e ${files[0]} ]] || return 0
    cat "${files[@]}" | grep -o '<testsuite [^>]*>' | awk -v row="$1" '
        function attribute(name) {
            return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
        }
        {
            bad = attribute("failures") + attribute("errors"); skipped = attribute("skipped") + 0
            cell = attribute("tests") - bad - skipped
            if (skipped) cell = cell ", " skipped " skipped"
            if (bad) cell = cell ", **" bad " failed**"
            class = attribute("name"); sub(/^org\.kprobe4j\./, "", class)
            print row "\t" class "\t" cell
        }'
}

# kept_cells PAGE: the same lines, of the second table of a page that was written before.
kept_cells() {
    awk -F ' *[|] *' '
        /^\| test / { for (i = 3; i < NF; i++) row[i] = $i; inside = 1; next }
        inside && /^\| ---/ { next }
        inside && !/^\|/ { inside = 0 }
        inside { for (i = 3; i < NF; i++) if ($i != "") print row[i] "\t" $2 "\t" $i }' "$1"
}

# write_matrix PAGE: rows that did not run this time stay as they are.
write_matrix() {
    local page=$1 old=$reports/matrix-old.md cells=$reports/matrix-cells row section
    cp "$page" "$old" 2> /dev/null || : > "$old"
    : > "$cells"
    for row in "${matrix_rows[@]}"; do
        if [[ " ${chosen_rows[*]} " == *" $row "* ]]; then
            fresh_cells "$row"
        else
            kept_cells "$old" | grep -E "^${row//./\\.}"$'\t' || true
        fi
    done > "$cells"
    {
        printf '# The matrix\n\nMade by `./check --matrix`; `./check --matrix ROW…` makes some rows anew and keeps the others.\n\n'
        printf '| row | kernel | run on | two examples | tests passed | skipped | failed |\n'
        printf '| --- | --- | --- | --- | --- | --- | --- |\n'
        for row in "${matrix_rows[@]}"; do
            if [[ " ${chosen_rows[*]} " == *" $row "* ]]; then
                fresh_line "$row"
            else
                grep -m 1 -F "| $row |" "$old" || printf '| %s | - | - | - | - | - | - |\n' "$row"
            fi
        done
        printf '\nThe rows of Arm run a part of the tests: everything is emulated, and the JVM of 32-bit Arm interprets.\n'
        printf '\n## Tests by class\n\n'
        awk -F '\t' -v rows="${matrix_rows[*]}" '
            { cell[$1, $2] = $3; classes[$2] }
            END {
                count = split(rows, row, " ")
                head = "| test (org.kprobe4j) |"; rule = "| --- |"
                for (i = 1; i <= count; i++) { head = head " " row[i] " |"; rule = rule " --- |" }
                print head "\n" rule
                for (class in classes) {
                    line = "| " class " |"
                    for (i = 1; i <= count; i++) line = line " " cell[row[i], class] " |"
                    print line | "LC_ALL=C sort"
                }
            }' "$cells"
        for row in "${matrix_rows[@]}"; do
            if [[ " ${chosen_rows[*]} " == *" $row "* ]]; then
                section=$(fresh_section "$row")
                section=${section:-Nothing was skipped, nothing failed.}
            else
                section=$(awk -v head="## $row" '$0 == head { inside = 1; next } /^## / { inside = 0 } inside && NF' "$old")
            fi
            [[ -z $section ]] || printf '\n## %s\n\n%s\n' "$row" "$section"
        done
    } > "$page.part"
    mv "$page.part" "$page"
}
