#!/bin/sh
# Makes a bare Debian or Ubuntu, complete or not at all: plain-tree.sh TARGET SUITE PACKAGES SOURCES [KEYS DIGEST], with
# http_proxy in the environment. SOURCES are lines of sources.list, KEYS is a package with the keys of the archive.
# Whoever calls it has the lock of the target, and keeps the mounts that are made here to itself.
set -eu
target=$1 suite=$2 packages=$3 sources=$4 keys=${5-} digest=${6-}
[ ! -e "$target" ] || exit 0 # another was faster
rm -rf "$target.new" "$target.keys"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [ -n "$keys" ]; then
  mkdir "$target.keys"
  /usr/lib/apt/apt-helper -qq download-file "$keys" "$target.keys/deb" "SHA256:$digest"
  dpkg-deb --extract "$target.keys/deb" "$target.keys"
  keyring=$target.keys/usr/share/keyrings/ubuntu-archive-keyring.gpg
fi
printf '%s\n' "$sources" |
  mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --dpkgopt=force-unsafe-io \
    --aptopt='Acquire::Languages "none"' --keyring="$keyring" "$suite" "$target.new" -
rm -rf "$target.keys"

# What is each machine's own.
rm -f "$target.new"/etc/ssh/ssh_host_* "$target.new/etc/hostname" "$target.new/etc/resolv.conf"
: >"$target.new/etc/machine-id"
mv "$target.new" "$target"
