# Sourced by toolchain.sh, and by the launcher of a package: how the command line is started.
# Needs bash and $libraries, the folder of the jars.
# shellcheck shell=bash

# What the launcher's JVM is started with, the cache of classes made with and used with: a quick start matters more than peak speed.
readonly -a launch_options=(
    -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData --enable-native-access=ALL-UNNAMED -Xlog:disable
    -Djdk.reflect.useNativeAccessorOnly=true
    # Most of what runs in a start runs a few times only: a method is worth compiling later than the JVM believes, and what is inlined
    # into a large one takes megabytes while it is compiled. The heap begins small, whatever the machine has, and grows where needed.
    -XX:CompileThresholdScaling=5 -XX:C1MaxInlineSize=20 -XX:C1MaxInlineLevel=4 -Xms8m
    # The cache stays where it was made for, instead of being patched.
    -XX:+IgnoreUnrecognizedVMOptions -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0
)

# A closed descriptor would be given to the first file the JVM opens, and that file be read as standard input.
open_standard_streams() {
    { true <&0; } 2> /dev/null || exec < /dev/null
    { true >&1; } 2> /dev/null || exec > /dev/null
    { true >&2; } 2> /dev/null || exec 2> /dev/null
}

# Sets $program_path: what a probe program needs, then what the command line and its tools need besides. One path for all, since a cache of
# loaded classes fits one.
find_class_paths() {
    local name
    program_path=''
    for name in cli probe compiler bpf asm; do
        program_path+=:$libraries/kprobe4j-$name.jar
    done
    for name in picocli jackson-core flightrecorder.writer; do
        program_path+=:$libraries/$name.jar
    done
    program_path=${program_path#:}
}

# Whether this machine's kernel has kprobes. HostKernel.java looks at the same files.
has_kprobes() {
    local file
    for file in /sys/bus/event_source/devices/kprobe/type /sys/kernel/tracing/kprobe_events \
        /sys/kernel/debug/tracing/kprobe_events; do
        [[ ! -e $file ]] || return 0
    done
    return 1
}

# Only a run in a VM has the lab on its class path.
may_need_vm() {
    has_kprobes || return 0
    local word
    for word in "$@"; do
        case $word in
            --) return 1 ;;
            --vm | --vm=*) return 0 ;;
        esac
    done
    return 1
}

# Makes $libraries/launch.aot, the loaded and linked classes of a run from a source file; without it, starts are only slower.
make_launch_cache() {
    make_cache launch.aot org.kprobe4j.cli.LaunchTraining
}

# Makes $libraries/start-here.aot, the classes of tools and of compiled programs: by running some, so only where there are kprobes.
make_own_start_cache() {
    ((EUID == 0)) && has_kprobes && make_cache start-here.aot org.kprobe4j.cli.TrainingProgram
}

# make_guest_start_cache KERNEL: the same in a VM, start-VERSION.aot. The first run in a VM makes it where it is missing.
make_guest_start_cache() {
    find_class_paths
    "$java_home/bin/java" --enable-native-access=ALL-UNNAMED -Dkprobe4j.program.path="$program_path" \
        -cp "$program_path:$libraries/kprobe4j-lab.jar" org.kprobe4j.cli.StartCache "$1" < /dev/null
}

# make_cache NAME CLASS: of what the class's main does.
make_cache() {
    local name=$1 part=$libraries/${1%.aot}.part
    local -a java
    find_class_paths
    java=("$java_home/bin/java" "${launch_options[@]}" "-XX:AOTConfiguration=$part.conf" -Dkprobe4j.syscalls="$libraries/syscalls.so"
        -Dkprobe4j.program.path="$program_path" -cp "$program_path")
    {
        "${java[@]}" -XX:AOTMode=record "$2" &&
            "${java[@]}" -XX:AOTMode=create -XX:AOTCache="$part" &&
            mv "$part" "$libraries/$name"
    } < /dev/null > /dev/null 2>&1 9>&-
    rm -f "$part" "$part.conf"
}

# start_kprobe WORDS...: becomes the command line's JVM, with the Java of $java_home.
start_kprobe() {
    find_class_paths
    local class_path=$program_path
    if may_need_vm "$@"; then
        class_path+=:$libraries/kprobe4j-lab.jar
    fi
    # The terminal's size costs the shell less than the JVM; checkwinsize sets it when a child has ended.
    local -a terminal=()
    if [[ -t 1 ]]; then
        shopt -s checkwinsize
        (:)
        terminal=("-Dkprobe4j.terminal=${COLUMNS:-}x${LINES:-}")
    fi
    # In the plain C locale the JVM takes letters beyond ASCII in arguments and file names for damage.
    case ${LC_ALL:-${LC_CTYPE:-${LANG:-C}}} in
        C | POSIX)
            export LC_CTYPE=C.UTF-8
            [[ -z ${LC_ALL:-} ]] || export LC_ALL=C.UTF-8
            ;;
    esac
    # Only what begins with a source file needs the classes of javac. A cache that does not fit, as that of another JDK, is passed over.
    local cache_option=-Xshare:auto cache=$libraries/launch.aot file
    for file in "$libraries"/start-*.aot; do
        [[ ${1:-} == run || ! -r $file ]] || cache=$file
    done
    [[ ! -r $cache ]] || cache_option=-XX:AOTCache=$cache
    exec "$java_home/bin/java" "${launch_options[@]}" "$cache_option" -Dkprobe4j.syscalls="$libraries/syscalls.so" \
        -Dkprobe4j.program.path="$program_path" "${terminal[@]}" -cp "$class_path" org.kprobe4j.cli.KprobeMain "$@"
}
