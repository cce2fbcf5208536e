# The guest's first process after the root is in place. Obeys the control port, a line at a time:
#   run N TOKEN    runs N.sh of the folder of this guest; answers "exit N STATUS" when its output has been passed on
#   signal NAME    to the process group of the running command
#   off            ends the guest; so does the end of the control stream: the host side has died
# Output goes through fifos, so that a command may reopen /dev/stdout; TOKEN after the last byte marks the end of it.
home=/run/kprobe4j
b=$home/busybox
. $home/settings
cd /

port() {
    for p in /sys/class/virtio-ports/*; do
        read -r name < "$p/name"
        [ "$name" = "$1" ] && echo "/dev/${p##*/}" && return
    done
}

off() {
    $b poweroff -f
}

control=$(port control)
input=$(port input)
output=$(port output)
errors=$(port errors)
exec 3<> "$control" || off

relay() { # FIFO PORT TOKEN
    {
        $b cat
        printf '\037%s' "$3"
    } < "$1" > "$2"
}

obey_signals() {
    while read -r verb name <&3; do
        case $verb in
            signal)
                tries=0
                while ! [ -s $home/pid ] && [ $tries -lt 50 ]; do
                    $b usleep 20000
                    tries=$((tries + 1))
                done
                read -r pid < $home/pid && kill -s "$name" -- "-$pid" 2> /dev/null
                ;;
            off) off ;;
        esac
    done
    off
}

# What a command left behind may hold its output open for ever: two seconds after it, the rest of its session is killed.
end_session() { # SESSION
    $b sleep 2
    for p in /proc/[0-9]*; do
        read -r stat < "$p/stat" 2> /dev/null || continue
        set -- "$1" ${stat##*) }
        [ "$5" = "$1" ] && kill -9 "${p##*/}" 2> /dev/null
    done
}

run() { # N TOKEN
    $b rm -f $home/in $home/out $home/err $home/pid
    $b mkfifo $home/in $home/out $home/err
    relay $home/out "$output" "$2" 2> /dev/null &
    out=$!
    relay $home/err "$errors" "$2" 2> /dev/null &
    err=$!
    $b cat < "$input" > $home/in 2> /dev/null &
    in=$!
    obey_signals 2> /dev/null &
    obeyer=$!
    # In the foreground: a shell starts background commands with SIGINT ignored. In a subshell: what this shell itself
    # says of a killed command does not belong to the command's output.
    ( exec $b setsid $b sh "$LAB_FOLDER/$1.sh" < $home/in > $home/out 2> $home/err 3>&- )
    status=$?
    read -r session < $home/pid
    end_session "$session" 2> /dev/null &
    ender=$!
    wait $out $err
    kill $ender $in $obeyer 2> /dev/null
    wait $ender $in $obeyer 2> /dev/null
    echo "exit $1 $status" >&3
}

echo ready >&3
while read -r verb one two <&3; do
    case $verb in
        run) run "$one" "$two" ;;
        off) break ;;
    esac
done
off
