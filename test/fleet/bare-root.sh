#!/bin/sh
# Builds the root of a bare machine and becomes its systemd: bare-root.sh DIR LAYERS LOOPS FOLDERS [DISK]
# LAYERS are the folders below, LOOPS the numbers of the loop devices that are this machine's, and FOLDERS lie on the
# host's own filesystem, in DIR/data. Where there is DIR/copy all of the root does.
set -eu
dir=$1 layers=$2 loops=$3 folders=$4 disk=${5-}
root=$dir/root

if [ -d "$dir/copy" ]; then
  folders=
  mount --bind "$dir/copy" "$root"
else
  mount -t overlay machine -o "lowerdir=$layers,upperdir=$dir/upper,workdir=$dir/work" "$root"
fi

# Devices of its own: systemd makes sockets and folders there, and the host's disks are none of its business.
dev=$root/dev
mount -t tmpfs -o mode=0755,nosuid dev "$dev"
mkdir "$dev/pts" "$dev/shm" "$dev/net"
while read -r path major minor; do mknod -m 0666 "$dev/$path" c "$major" "$minor"; done <<DEVICES
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
fuse 10 229
net/tun 10 200
DEVICES
# Without loop-control programs look for a free one among those that are there.
for loop in $loops; do mknod -m 0660 "$dev/loop$loop" b 7 "$loop"; done
# shellcheck disable=SC2086
perl -e 'open my $c, "+<", "/dev/loop-control" or die; ioctl $c, 0x4C80, int $_ for @ARGV' $loops
ln -s /proc/self/fd "$dev/fd"
ln -s fd/0 "$dev/stdin"
ln -s fd/1 "$dev/stdout"
ln -s fd/2 "$dev/stderr"
ln -s pts/ptmx "$dev/ptmx"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$dev/shm"

mount -t proc proc "$root/proc"
# Read-only, as it is the host's: systemd takes that for a sign to leave devices alone.
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=0755 run "$root/run"
groups=$root/sys/fs/cgroup
# From 258 on systemd knows only the second version, of which a host with the first still has the tree, without controllers.
version=0
for library in "$root"/usr/lib/systemd/libsystemd-shared-*.so "$root"/usr/lib/*/systemd/libsystemd-shared-*.so; do
  [ ! -e "$library" ] || version=${library##*-shared-} version=${version%%[!0-9]*}
done
if [ -e /sys/fs/cgroup/cgroup.procs ] || [ "$version" -ge 258 ]; then
  mount -t cgroup2 groups "$groups"
else
  mount -t tmpfs -o mode=0755 groups "$groups"
  for path in /sys/fs/cgroup/*/; do
    [ ! -L "${path%/}" ] || continue # another name of the same
    name=$(basename "$path")
    mkdir "$groups/$name"
    case $name in
      unified) mount -t cgroup2 "$name" "$groups/$name" ;;
      systemd) mount -t cgroup -o none,name=systemd "$name" "$groups/$name" ;;
      *) mount -t cgroup -o "$name" "$name" "$groups/$name" ;;
    esac
  done
fi

for path in $folders; do
  [ -d "$root/$path" ] || mkdir -p "$root/$path"
  mount --bind "$dir/data/$path" "$root/$path"
done
[ -z "$disk" ] || mount -o loop,nodev "$disk" "$root/var/lib/docker"

# Kernel settings that no namespace keeps apart: a machine writes to copies, never to the host's.
copies=$dir/sysctl
mkdir -p "$copies"
mount -t tmpfs -o mode=0755 sysctl "$copies"
for path in kernel vm fs dev; do
  cp -r "/proc/sys/$path" "$copies" 2>/dev/null || true
  mount --bind "$copies/$path" "$root/proc/sys/$path"
done
rm -rf "$copies/fs/binfmt_misc"
# These are its own, or are made anew for whoever reads them.
for path in hostname domainname random; do
  mount --bind "/proc/sys/kernel/$path" "$root/proc/sys/kernel/$path"
done
mount -o remount,bind,ro "$root/proc/sys/kernel/random"
cat /proc/sys/kernel/random/uuid >"$copies/boot_id"
mount --bind "$copies/boot_id" "$root/proc/sys/kernel/random/boot_id"
units=$root/run/systemd/system
mkdir -p "$units/systemd-sysctl.service.d" "$units/sysinit.target.wants"
# systemd-sysctl writes over what is there, as only in /proc nothing of it stays behind the new value.
cat >"$units/systemd-sysctl.service.d/fleet.conf" <<'RULES'
[Service]
ExecStartPost=find /proc/sys/vm /proc/sys/kernel /proc/sys/fs -xdev -type f -newer /proc/sys/kernel/random/boot_id -exec sed -i 2,$$d {} +
RULES
# It leaves the swap of /etc/fstab alone where it takes a machine for a container.
cat >"$units/fleet-swap.service" <<'UNIT'
[Unit]
Description=Swap of /etc/fstab
DefaultDependencies=no
After=local-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-swapon -a
UNIT
ln -s ../fleet-swap.service "$units/sysinit.target.wants"
[ ! -e /proc/sysrq-trigger ] || mount --bind /dev/null "$root/proc/sysrq-trigger"

cd "$root"
pivot_root . .
umount -l .
cd /
# What could be done to the host's clock, modules and ports cannot.
drop=-sys_time,-sys_module,-sys_rawio
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin container=lxc \
  setpriv --bounding-set="$drop" --inh-caps="$drop" /sbin/init
