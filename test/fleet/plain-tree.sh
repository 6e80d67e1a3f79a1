#!/bin/sh
# Makes a bare Debian, complete or not at all: plain-tree.sh TARGET SUITE PACKAGES, with http_proxy in the environment.
# Whoever calls it has the lock of the target, and keeps the mounts that are made here to itself.
set -eu
target=$1 suite=$2 packages=$3
[ ! -e "$target" ] || exit 0 # another was faster
rm -rf "$target.new"

mirror=http://deb.debian.org
mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --dpkgopt=force-unsafe-io \
  --aptopt='Acquire::Languages "none"' "$suite" "$target.new" \
  "deb $mirror/debian $suite main" \
  "deb $mirror/debian $suite-updates main" \
  "deb $mirror/debian-security $suite-security main"

# What is each machine's own.
rm -f "$target.new"/etc/ssh/ssh_host_* "$target.new/etc/hostname" "$target.new/etc/resolv.conf"
: >"$target.new/etc/machine-id"
mv "$target.new" "$target"
