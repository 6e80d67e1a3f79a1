#!/bin/sh
# Builds the root of a machine that has this host's programs, and becomes its init: host-root.sh DIR STATE [DISK]
set -eu
dir=$1 state=$2 disk=${3-}
root=$dir/root

mount -t overlay machine -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" "$root"
mount --rbind /dev "$root/dev"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=0755 run "$root/run"
mkdir -p "$root/run/lock"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"

# What would otherwise show through from the host: a machine starts with its own.
for path in root home opt srv mnt media usr/local var/tmp var/lib/docker var/spool/cron/crontabs etc/cron.d; do
  [ -d "$root/$path" ] || mkdir -p "$root/$path"
  mount --bind "$dir/data/$path" "$root/$path"
done
[ ! -d "$root$state" ] || mount -t tmpfs -o mode=0700,size=4k hidden "$root$state"
for path in "$root"/*; do
  case ${path##*/} in
    bin | boot | dev | etc | home | lib* | lost+found | media | mnt | opt | proc | root | run | sbin | srv | sys | tmp | usr | var) ;;
    *) [ -d "$path" ] && [ ! -L "$path" ] && mount -t tmpfs -o mode=0700,size=4k hidden "$path" || true ;;
  esac
done
[ -z "$disk" ] || mount -o loop,nodev "$disk" "$root/var/lib/docker"

# Kernel settings that no namespace keeps apart: a machine writes to a copy, never to the host's.
vm=$root/run/sysctl-vm
mkdir "$vm"
cp -r /proc/sys/vm/. "$vm" 2>/dev/null || true
mount --bind "$vm" "$root/proc/sys/vm"
for path in kernel fs dev; do
  mount --bind "$root/proc/sys/$path" "$root/proc/sys/$path"
  mount -o remount,bind,ro "$root/proc/sys/$path"
done

cd "$root"
pivot_root . .
umount -l .
cd /
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  /bin/busybox init
