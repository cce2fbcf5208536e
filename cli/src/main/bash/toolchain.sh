# Sourced by kprobe and check: finds the JDK and Maven, builds, keeps the result in the cache.
# Needs bash and: $repo, the folder of the sources; $self, the name to speak under.
# shellcheck shell=bash

readonly least_java=25
readonly own_failure=125
# shellcheck source=cli/src/main/bash/launch.sh
. "${BASH_SOURCE[0]%/*}/launch.sh"

say() {
    printf '%s: %s\n' "$self" "$*" >&2
}

die() {
    say "$@"
    exit "$own_failure"
}

# Sets $cache, outside the repository; the lab uses the same folder.
find_cache() {
    if [[ -n ${KPROBE4J_CACHE:-} ]]; then
        cache=$KPROBE4J_CACHE
    elif [[ -n ${XDG_CACHE_HOME:-} ]]; then
        cache=$XDG_CACHE_HOME/kprobe4j
    else
        cache=${HOME:-~}/.cache/kprobe4j
    fi
    [[ $cache == /* ]] || cache=$PWD/$cache
}

# Sets $java_home to the first JDK that is new enough.
find_jdk() {
    local folder old=''
    local -a folders=("${JAVA_HOME:-}")
    if folder=$(type -P java); then
        folder=$(readlink -f "$folder")
        folders+=("${folder%/bin/java}")
    fi
    folders+=(/usr/lib/jvm/* /usr/java/* /opt/* /opt/*/* /usr/local/*j[dr]k*)
    folders+=("${HOME:-~}"/.sdkman/candidates/java/* "${HOME:-~}"/.jdks/*)
    for folder in "${folders[@]}"; do
        [[ -n $folder && -x $folder/bin/javac ]] || continue
        read_java_version "$folder"
        if ((java_version >= least_java)); then
            java_home=$folder
            return
        fi
        old+=", $folder is $java_version"
    done
    say "no JDK $least_java or newer found${old:+ (${old:2})}"
    die "install one (Debian, Ubuntu: apt-get install openjdk-25-jdk-headless; others: https://adoptium.net), or set JAVA_HOME"
}

# Sets $java_version to the first number of a JDK's version; its file "release" has it, so that no JVM need start.
read_java_version() {
    local line='' text=''
    if [[ -r $1/release ]]; then
        while IFS= read -r line; do
            [[ $line == JAVA_VERSION=* ]] && text=${line#*=}
        done < "$1/release"
    else
        text=$("$1/bin/java" -version 2>&1) || text=''
        text=${text#*\"}
    fi
    text=${text#\"}
    text=${text%%[!0-9]*}
    java_version=${text:-0}
}

require_maven() {
    type -P mvn > /dev/null && return
    if ((EUID != 0)) || ! type -P apt-get > /dev/null; then
        die "Maven is missing; install it (Debian, Ubuntu: apt-get install maven; others: https://maven.apache.org)"
    fi
    local log=$cache/apt.log
    mkdir -p "$cache"
    say "Maven is missing: installing it (apt-get install maven)…"
    if ! install_package maven > "$log" 2>&1; then
        say "apt-get failed (all of it: $log):"
        tail -n 3 "$log" >&2
        die "install Maven, then try again"
    fi
    hash -r
}

install_package() {
    local -a install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1")
    "${install[@]}" < /dev/null || { apt-get update < /dev/null && "${install[@]}" < /dev/null; }
}

# run_maven LOG WORDS...: a line for each module, the rest to the log.
run_maven() {
    local log=$1
    shift
    mkdir -p "${log%/*}"
    JAVA_HOME=$java_home MAVEN_OPTS="${MAVEN_OPTS:-} -XX:+UseSerialGC -XX:TieredStopAtLevel=1" \
        mvn -B -Dstyle.color=never -f "$repo/pom.xml" "$@" < /dev/null 2>&1 9>&- | tee "$log" | show_maven >&2
}

show_maven() {
    local line downloads=0
    local -a words
    while IFS= read -r line; do
        case $line in
            '[INFO] Building '*']')
                read -ra words <<< "$line"
                printf '  %s %s\n' "${words[-1]}" "${words[*]:2:${#words[@]}-4}"
                downloads=0
                ;;
            '[INFO] Tests run: '*' -- in '*) printf '    %s\n' "${line#'[INFO] '}" ;;
            '[ERROR] Tests run: '*' -- in '* | '[WARNING] Tests run: '*' -- in '*) printf '    %s\n' "${line#*' '}" ;;
            Download*)
                ((downloads++)) || printf '      downloading libraries…\n'
                ;;
        esac
    done
}

# Sets $fingerprint: what the sources look like, by name, size and time of change.
find_fingerprint() {
    fingerprint=$(
        cd "$repo"
        find pom.xml ./*/pom.xml ./*/src/main -type f -printf '%p %s %T@\n' | LC_ALL=C sort | sha256sum
    )
    fingerprint=${fingerprint:0:16}
}

# Sets $libraries to a folder with all jars of the present sources, building them first where they are not there.
provide_build() {
    find_fingerprint
    libraries=$cache/builds/$fingerprint
    [[ -e $libraries/.complete ]] && return
    mkdir -p "$cache/builds" 2> /dev/null ||
        die "cannot write to the cache $cache; make it writable or set KPROBE4J_CACHE to another folder"
    exec 9> "$cache/builds/lock"
    if ! flock -n 9; then
        say "waiting for another build…"
        flock 9
    fi
    # Another start may have built them meanwhile, and the sources may have changed.
    find_fingerprint
    libraries=$cache/builds/$fingerprint
    [[ -e $libraries/.complete ]] || build
    exec 9>&-
}

build() {
    local log=$cache/builds/build.log unfinished=$cache/builds/unfinished
    # What the command does not need is not built for it.
    local -a goals=(--projects '!benchmarks,!examples' package)
    require_maven
    # What an interrupted build left in the target folders is not to be trusted.
    [[ -e $unfinished ]] && goals=(clean "${goals[@]}")
    printf '%s\n' "$repo" > "$unfinished"
    if [[ -n $(find "$cache/builds" -mindepth 2 -name .complete -print -quit) ]]; then
        say "building (the sources have changed)…"
    else
        say "building (first run, about a minute)…"
    fi
    if ! run_maven "$log" "${goals[@]}" -Dmaven.test.skip=true; then
        show_build_failure "$log"
        exit "$own_failure"
    fi
    keep_build
    rm -f "$unfinished"
    make_launch_cache || true
    make_own_start_cache || true
}

# What javac leaves to be linked at each start is written out in the jars, and picocli's classes get a form that a cache takes; where that
# fails, starts are only slower.
link_early() {
    "$java_home/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$1/*" org.kprobe4j.cli.EarlyLinks \
        "$1"/{kprobe4j-asm,kprobe4j-bpf,kprobe4j-compiler,kprobe4j-probe,kprobe4j-cli,picocli}.jar < /dev/null > /dev/null 2>&1 9>&- || true
}

# Writes $1/syscalls.so, with which a JVM need not link its way into the kernel; where that fails, starts are only slower.
write_system_calls() {
    "$java_home/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$1/kprobe4j-bpf.jar" \
        org.kprobe4j.bpf.internal.SyscallLibrary "$1/syscalls.so" < /dev/null > /dev/null 2>&1 9>&- || true
}

show_build_failure() {
    say "the build failed (all of it: $1):"
    # The sources' lines if there are any, warnings included since they are errors; else Maven's own words.
    grep -m 12 -E '^\[(ERROR|WARNING)\] .*\.java:' "$1" >&2 ||
        grep -m 12 -E '^\[ERROR\] .' "$1" >&2 || tail -n 12 "$1" >&2
}

# Copies the jars of a finished build to $libraries: a run is not disturbed by the next build.
keep_build() {
    local part=$libraries.part
    rm -rf "$part" "$libraries"
    mkdir -p "$part"
    cp -p "$repo"/cli/target/libraries/*.jar "$part/"
    cp -p "$repo"/cli/target/kprobe4j-cli-*.jar "$part/kprobe4j-cli.jar"
    link_early "$part"
    write_system_calls "$part"
    : > "$part/.complete"
    mv "$part" "$libraries"
    # Builds of a day ago are nobody's any more.
    find "$cache/builds" -mindepth 1 -maxdepth 1 -type d ! -path "$libraries" -mmin +1440 -exec rm -rf {} +
}
