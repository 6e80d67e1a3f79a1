#!/bin/sh
# Makes the layer of what is installed on top of a tree: engine-layer.sh TARGET TREE PACKAGES, with http_proxy in the
# environment. Whoever calls it has the lock of the target, and keeps the mounts that are made here to itself.
set -eu
target=$1 tree=$2 packages=$3
[ ! -e "$target" ] || exit 0 # another was faster
rm -rf "$target.new"
mkdir -p "$target.new/layer" "$target.new/work" "$target.new/root"
root=$target.new/root

mount -t overlay layer -o "lowerdir=$tree,upperdir=$target.new/layer,workdir=$target.new/work" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
chroot "$root" apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends $packages
chroot "$root" apt-get clean
rm -rf "$root/usr/sbin/policy-rc.d" "$root"/var/lib/apt/lists/*
umount -l "$root/dev" "$root/proc" "$root"
mv "$target.new/layer" "$target"
rm -rf "$target.new"
