/**
 * `number DEVICE` says which one it is to the kernel. `free DEVICE`: nothing on it that anything knows, it has no parts,
 * is a part of nothing, and nobody has it open. `blank DEVICE`: its beginning is empty as well. What cannot be told is neither.
 * `begun DEVICE RECORD`: we have begun to format just this one, since it is there.
 */
const looks = `
PATH=$PATH:/usr/sbin:/sbin
resolved() { case $1 in /*) printf '%s\\n' "$1" ;; *) findfs "$1" 2>/dev/null ;; esac; }
number() { lsblk -dno MAJ:MIN -- "$1" 2>/dev/null | tr -d ' '; }
free() (
  device=$(readlink -f -- "$1") && own=$(number "$device") && [ -n "$own" ] || exit 1
  blkid -p -- "$device" >/dev/null 2>&1
  [ $? -eq 2 ] || exit 1
  said=$(wipefs -n -- "$device" 2>&1) && [ -z "$said" ] || exit 1
  [ "$(lsblk -nro NAME -- "$device" 2>/dev/null | wc -l)" -eq 1 ] || exit 1
  [ "$(cat "/sys/dev/block/$own/ro")" = 0 ] && [ -z "$(ls -A "/sys/dev/block/$own/holders")" ] || exit 1
  while read -r id parent found rest; do [ "$found" != "$own" ] || exit 1; done </proc/self/mountinfo
  while read -r name rest; do [ ! "$name" -ef "$device" ] || exit 1; done </proc/swaps
  ! ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v d="$device" '$NF == d { found = 1 } END { exit !found }'
)
blank() { free "$1" && cmp -s -n 1048576 -- "$1" /dev/zero; }
identity() (
  own=$(number "$1") && [ -n "$own" ] || exit 1
  of=/sys/dev/block/$own
  [ -e "$of/diskseq" ] || of=$of/..
  seq=$(cat "$of/diskseq" 2>/dev/null) || exit 1
  printf '%s %s %s %s\\n' "$(cat /proc/sys/kernel/random/boot_id)" "$own" "$seq" "$(cat "/sys/dev/block/$own/size")"
)
begun() { [ -s "$2" ] && [ "$(identity "$1")" = "$(cat "$2")" ] && free "$1"; }
`;

/**
 * `MARK FOLDER`, then of each that is named, `PATH DEVICE`: `path PATH`, `hides USER` whose home is below it, `there`, `type TYPE`
 * or `blank` or `begun`, `it OPTIONS` or `other`. Then our lines in /etc/fstab as `line LINE`, and `fstab PATH` for those of others.
 */
export const seen = `${looks}
mark=$1 folder=$2
shift 2
login=\${SUDO_USER:-root} home=
while IFS=: read -r name secret uid gid about place shell; do
  [ "$name" != "$login" ] || home=$place
done </etc/passwd
for one; do
  path=\${one%% *} device=\${one#* }
  printf 'path %s\\n' "$path"
  case $home/ in "$path"/*) printf 'hides %s\\n' "$login" ;; esac
  device=$(resolved "$device") || device=
  own=
  if [ -b "$device" ]; then
    echo there
    type=$(blkid -p -o value -s TYPE -- "$device" 2>/dev/null)
    if [ -n "$type" ]; then printf 'type %s\\n' "$type"
    elif blank "$device"; then echo blank
    elif begun "$device" "$folder/$(printf %s "$path" | tr / %)"; then echo begun; fi
    own=$(number "$device")
  fi
  there=
  while read -r id parent found root place options rest; do
    [ "$place" = "$path" ] || continue
    # A filesystem of several devices, as that of btrfs, has a number of its own.
    case $found in 0:*) rest=\${rest#*- } rest=\${rest#* } found=$(number "\${rest%% *}") ;; esac
    there="\${found:-none} $options"
  done </proc/self/mountinfo
  [ -z "$there" ] || if [ "\${there% *}" = "$own" ]; then printf 'it %s\\n' "\${there#* }"; else echo other; fi
done
isOurs=
[ ! -r /etc/fstab ] || while IFS= read -r text || [ -n "$text" ]; do
  if [ -n "$isOurs" ]; then
    isOurs=
    printf 'line %s\\n' "$text"
    continue
  fi
  case $text in
    "$mark"*) isOurs=1 ;;
    '#'* | '') ;;
    *) set -f; set -- $text; printf 'fstab %s\\n' "$2" ;;
  esac
done </etc/fstab
echo end
`;

/** `DEVICE TYPE RECORD`: only what was seen to be blank is formatted, and it is looked at again right before. */
export const format = `${looks}
device=$(resolved "$1") && [ -b "$device" ] || { echo "there is no $1" >&2; exit 1; }
command -v "mkfs.$2" >/dev/null || { echo "there is no \\\`mkfs.$2\\\`: package $([ "$2" = xfs ] && echo xfsprogs || echo e2fsprogs) brings it" >&2; exit 1; }
blank "$device" || begun "$device" "$3" || { echo "$1 is not blank any more, and is not formatted" >&2; exit 1; }
umask 077
mkdir -p -- "\${3%/*}" && { identity "$device" >"$3.partial" && mv -f -- "$3.partial" "$3" || rm -f -- "$3.partial"; } || exit 1
mkfs."$2" -q "$device" </dev/null >/dev/null
`;

/** By its line in /etc/fstab, as at boot. */
export const mount = `mkdir -p -- "$1" && { mountpoint -q -- "$1" || mount -- "$1"; }`;

/** `PATH OPTIONS`: what is mounted there has these from now on. */
export const remount = `mount -o "$2" -- "$1"`;

export const unmount = `! mountpoint -q -- "$1" || umount -- "$1"`;
