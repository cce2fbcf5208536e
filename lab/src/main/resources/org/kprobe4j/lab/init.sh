#!/bin/busybox sh
# The guest's first process, from the initramfs: puts the machine's root directory in place, under an overlay that
# takes every write, and hands over to supervisor.sh in it. Sourced settings: /settings. A guest that cannot run the machine's
# programs has its own in their place: all of /usr, and what it has elsewhere.
b=/bin/busybox
. /settings

die() {
    echo "lab: the guest's set-up failed: $1" > /dev/console
    $b poweroff -f
}

$b mount -t proc -o nosuid,nodev,noexec proc /proc
$b mount -t devtmpfs dev /dev
for module in /modules/*.ko; do
    [ -e "$module" ] || continue
    $b insmod "$module" || die "insmod $module"
done

$b mkdir -p /lower /upper /new
$b mount -t virtiofs -o ro root /lower || die "mounting the machine's root directory"
$b mount -t tmpfs -o mode=755 upper /upper
$b mkdir -m 755 /upper/root /upper/work
layers=/lower
if [ -n "$LAB_OWN_ROOT" ]; then
    $b mkdir /own
    $b mount -t virtiofs -o ro own-root /own || die "mounting the guest's own programs"
    layers=/own:/lower
fi
# Work files of the overlay stay out of sight once the root is switched: the mounts move below it.
$b mount -t overlay -o lowerdir=$layers,upperdir=/upper/root,workdir=/upper/work overlay /new || die "mounting the overlay"
if [ -n "$LAB_OWN_ROOT" ]; then
    $b mkdir -m 755 /upper/usr /upper/usr-work
    $b mount -t overlay -o lowerdir=/own/usr,upperdir=/upper/usr,workdir=/upper/usr-work overlay /new/usr ||
        die "mounting the guest's own /usr"
    # Sources may lie here, a class path among them; programs do not.
    for folder in usr/src usr/local/src usr/share/java usr/share/maven-repo; do
        [ -d /lower/$folder ] || continue
        $b mkdir -p /new/$folder
        $b mount --bind /lower/$folder /new/$folder
    done
fi

for folder in proc sys dev run; do
    [ -d /new/$folder ] || $b mkdir /new/$folder
done
$b mount -t proc -o nosuid,nodev,noexec proc /new/proc
$b mount -t sysfs -o nosuid,nodev,noexec sys /new/sys
$b mount -t devtmpfs -o nosuid dev /new/dev
$b mount -t tmpfs -o nosuid,nodev,mode=755 run /new/run
$b mkdir -p /new/dev/pts /new/dev/shm /new/run/lock /new/run/kprobe4j/exchange
$b mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /new/dev/pts
$b mount -t tmpfs -o nosuid,nodev,mode=1777 shm /new/dev/shm
for link in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
    [ -e /new/dev/${link%%:*} ] || $b ln -s ${link#*:} /new/dev/${link%%:*}
done
# What a kernel does not have is not missed here: the command that needs it says so.
$b mount -t tracefs -o nosuid,nodev,noexec tracefs /new/sys/kernel/tracing 2> /dev/null
$b mount -t debugfs -o nosuid,nodev,noexec debugfs /new/sys/kernel/debug 2> /dev/null
$b mount -t securityfs -o nosuid,nodev,noexec securityfs /new/sys/kernel/security 2> /dev/null
$b mount -t bpf -o nosuid,nodev,noexec,mode=700 bpf /new/sys/fs/bpf 2> /dev/null
$b mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /new/sys/fs/cgroup 2> /dev/null
$b mount -t virtiofs exchange /new/run/kprobe4j/exchange || die "mounting the exchange folder"
if [ -d "/new$LAB_MODULES" ]; then
    $b mkdir -p "/new/lib/modules/$($b uname -r)"
    $b mount --bind "/new$LAB_MODULES" "/new/lib/modules/$($b uname -r)"
fi

# A machine that never loads modules has no tools for it; the kernel itself calls /sbin/modprobe.
for tool in insmod lsmod modprobe rmmod; do
    [ -e /new/sbin/$tool ] || $b ln -s /run/kprobe4j/busybox /new/sbin/$tool
done

$b hostname "$LAB_HOSTNAME"
$b ip link set lo up
$b cp /bin/busybox /settings /supervisor.sh /new/run/kprobe4j/
$b umount /proc
exec $b switch_root /new /run/kprobe4j/busybox sh /run/kprobe4j/supervisor.sh
