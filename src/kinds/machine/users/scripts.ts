/** Programs of the system are not on every login's path. */
const programs = `PATH=$PATH:/usr/sbin:/sbin`;

/** `entry NAME` finds an account of the machine's own; what other sources know of is nobody's to change here. */
const entry = `
entry() {
  while IFS=: read -r name secret uid gid about home shell; do
    [ "$name" != "$1" ] || return 0
  done </etc/passwd
  return 1
}
`;

/**
 * `enter` goes into a user's ~/.ssh, with 2 where there is none; from then on nothing is reached by a path that the user
 * could lead elsewhere. A link, or what belongs to somebody else, is refused.
 */
const enter = `
enter() {
  cd -P -- "$home" 2>/dev/null || { echo "the home of $name, $home, is not there" >&2; return 1; }
  real=$(pwd -P)
  [ -e .ssh ] || [ -L .ssh ] || return 2
  if [ ! -L .ssh ] && cd -P .ssh 2>/dev/null && [ "$(pwd -P)" = "$real/.ssh" ]; then
    owner=$(stat -c %u .)
    [ "$owner" != "$uid" ] && [ "$owner" != 0 ] || return 0
  fi
  echo "$home/.ssh is not a folder of $name's own, but a link or somebody else's" >&2
  return 1
}
enter_made() {
  enter && return 0
  [ "$?" = 2 ] && mkdir -m 0700 .ssh && chown -h "$uid:$gid" .ssh && enter
}
`;

/** sshd reads both, unless it is told otherwise. */
const keyFiles = `authorized_keys authorized_keys2`;

/**
 * `keep_keys FILE` and `give_keys FILE`: the keys to and from a folder of ours, with their mode and owner; no file: none.
 * Those of the second file are in `FILE2`. What is given is there before anything goes: it may be the only way in.
 */
const moveKeys = `
keep_keys() (
  rm -f -- "$1" "\${1}2"
  enter || { [ "$?" = 2 ]; exit; }
  for file in ${keyFiles}; do
    kept=$1\${file#authorized_keys}
    [ -e "$file" ] || [ -L "$file" ] || continue
    [ ! -f "$file" ] || cp -pP -- "$file" "$kept" || exit 1
    [ ! -f "$kept" ] || [ -L "$kept" ] || continue
    rm -f -- "$1" "\${1}2"
    echo "$home/.ssh/$file is not a file, but a link or the like" >&2
    exit 1
  done
)
give_keys() (
  gone=
  if [ -f "$1" ] || [ -f "\${1}2" ]; then enter_made || exit 1; else enter || { [ "$?" = 2 ]; exit; }; fi
  for file in ${keyFiles}; do
    kept=$1\${file#authorized_keys}
    [ -f "$kept" ] || { gone="$gone $file"; continue; }
    new=.$file.slipway
    rm -f -- "$new" && cp -pP -- "$kept" "$new" && mv -fT -- "$new" "$file" || exit 1
  done
  [ -z "$gone" ] || rm -f -- $gone
)
`;

/** A program with its values. */
export const command = `${programs}; exec "$@"`;

const parts = `${programs}${entry}${enter}`;

/**
 * `ROOT FLEET NAME…`: what there is of each, and of those that were taken over, as lines that begin with a word: `user`,
 * `kept` where its former keys are, then of one that there is `entry`, `half` where it lacks its password, `homeless` where
 * it lacks its home, `groups`, `sudo`, `login` where it is ours, `key` a line of its keys, `loose` where sshd would not read them, `second`
 * where there is the second file, with `second-key` its lines, `refused` with why; then `end`.
 */
export const seen = `
${parts}
root=$1 fleet=$2
shift 2
about_keys() (
  enter 2>&1 || { [ "$?" = 2 ]; exit; }
  for file in ${keyFiles}; do
    [ -e "$file" ] || [ -L "$file" ] || continue
    [ -f "$file" ] && [ ! -L "$file" ] || { echo "$home/.ssh/$file is not a file"; exit 1; }
  done
  if [ -e authorized_keys ]; then
    for path in . authorized_keys; do
      set -- $(stat -c '%a %u' "$path")
      case $1 in *[2367]? | *[2367]) echo loose ;; esac
      [ "$2" = "$uid" ] || [ "$2" = 0 ] || echo loose
    done
    lines authorized_keys key
  fi
  [ ! -e authorized_keys2 ] || { echo second; lines authorized_keys2 second-key; }
)
lines() {
  head -c 65536 "$1" | tr -d '\\000\\r' | sed '/^[[:space:]]*\\(#\\|$\\)/d; s/^[[:space:]]*/'"$2"' /; s/[[:space:]]*$//'
}
tell() {
  printf 'user %s\\n' "$1"
  [ ! -d "$root/before/users/$1" ] || echo kept
  entry "$1" || return 0
  printf 'entry %s:%s:%s\\n' "$uid" "$home" "$shell"
  [ ! -e /etc/shadow ] || grep -q "^$1:" /etc/shadow || echo half
  [ -d "$home" ] || echo homeless
  printf 'groups %s\\n' "$(id -Gn -- "$1" 2>/dev/null)"
  [ "\${SUDO_USER:-root}" != "$1" ] || echo login
  [ ! -f "/etc/sudoers.d/slipway-$fleet-$1" ] || sed 's/^/sudo /' <"/etc/sudoers.d/slipway-$fleet-$1"
  keys=$(about_keys) && { [ -z "$keys" ] || printf '%s\\n' "$keys"; } || printf 'refused %s\\n' "$keys"
}
for user; do tell "$user"; done
for folder in "$root"/before/users/*; do
  [ -d "$folder" ] || continue
  user=\${folder##*/}
  case " $* " in *" $user "*) ;; *) tell "$user" ;; esac
done
echo end
`;

/** `FOLDER NAME`: keeps its former keys. */
export const take = `
${parts}${moveKeys}
umask 077
mkdir -p "$1" || exit 1
! entry "$2" || keep_keys "$1/keys" || { rmdir -- "$1"; exit 1; }
`;

/** `FOLDER NAME SUDO`: keeps what could cut us off, as it is now. */
export const keep = `
${parts}${moveKeys}
umask 077
now=$1/now
rm -rf -- "$now" && mkdir -p "$now" || exit 1
entry "$2" && keep_keys "$now/keys" || exit 1
[ ! -f "$3" ] || cp -p -- "$3" "$now/sudo" || exit 1
printf '%s\\n' "$shell" >"$now/shell" && id -Gn -- "$2" | tr ' ' ',' >"$now/groups"
`;

/** `FOLDER NAME SUDO`: puts back what was kept; as much as can be. */
export const restore = `
${parts}${moveKeys}
now=$1/now failed=0
entry "$2" || exit 1
give_keys "$now/keys" || failed=1
if [ -f "$now/sudo" ]; then cp -p -- "$now/sudo" "$3"; else rm -f -- "$3"; fi || failed=1
[ "$shell" = "$(cat "$now/shell")" ] || usermod -s "$(cat "$now/shell")" "$2" || failed=1
[ "$(id -Gn -- "$2" | tr ' ' ',')" = "$(cat "$now/groups")" ] || usermod -aG "$(cat "$now/groups")" "$2" || failed=1
exit "$failed"
`;

/**
 * `NAME SHELL HALF`: a new account, with a password that nothing matches. A home that is there already was its own, and
 * keeps its owner. With HALF what there is of it was made only by half.
 */
export const create = `
${programs}${entry}
if entry "$1"; then [ -n "$3" ] || exit 0; userdel "$1" || exit 1; fi
name=$1 shell=$2
set -- -m -p '*'
[ -z "$shell" ] || set -- "$@" -s "$shell"
! grep -q "^$name:" /etc/group || set -- "$@" -g "$name"
if [ -d "/home/$name" ] && [ ! -L "/home/$name" ]; then
  uid=$(stat -c %u "/home/$name")
  [ "$uid" -lt 1000 ] || cut -d: -f3 /etc/passwd | grep -qxF "$uid" || set -- "$@" -u "$uid"
fi
useradd "$@" "$name"
`;

/**
 * `NAME`: a home for an account that lacks it, as a new one gets it. The account stays as it is: what it had may come back,
 * as a disk that was not there, and goes by its uid. What is under way has another name, as a home by half would stay one.
 */
export const makeHome = `
${programs}${entry}
entry "$1" || { echo "there is no user $1" >&2; exit 1; }
[ ! -d "$home" ] || exit 0
new=$home.slipway
mode=$(sed -n 's/^[[:space:]]*HOME_MODE[[:space:]]\\{1,\\}\\([0-7]\\{3,4\\}\\).*/\\1/p' /etc/login.defs 2>/dev/null | tail -n 1)
umask 022
mkdir -p -- "\${home%/*}/" && rm -rf -- "$new" && mkdir -m 0700 -- "$new" || exit 1
[ ! -d /etc/skel ] || cp -R /etc/skel/. "$new" || exit 1
chown -hR "$uid:$gid" "$new" && chmod "\${mode:-0700}" "$new" && mv -T -- "$new" "$home" || exit 1
! command -v restorecon >/dev/null || restorecon -R "$home"
`;

/** `NAME`: what is read are its keys from now on, and all of them. */
export const setKeys = `
${parts}
entry "$1" || { echo "there is no user $1" >&2; exit 1; }
enter_made || exit 1
umask 077
new=.authorized_keys.slipway
rm -f -- "$new" && set -C && cat >"$new" && chown -h "$uid:$gid" "$new" && chmod go-w . && mv -fT -- "$new" authorized_keys &&
  rm -f -- authorized_keys2
`;

/** `NAME FILE`: the keys that were kept, or none. */
export const giveKeys = `
${parts}${moveKeys}
! entry "$1" || give_keys "$2"
`;

/** `FILE`: what is read lets a user become root, once it was checked. */
export const setSudo = `
${programs}
command -v visudo >/dev/null || { echo 'sudo is not installed on this machine' >&2; exit 1; }
umask 077
new=\${1%/*}/.slipway.new
cat >"$new" && chmod 0440 "$new" || exit 1
visudo -cqf "$new" >&2 && mv -f -- "$new" "$1" || { rm -f -- "$new"; exit 1; }
`;

/**
 * `NAME`: the account goes; what it still runs is ended only where that keeps it. Where the power went in the middle of that, the
 * rest of it goes, which would be that of the next account of this name: its password and what groups it was in.
 */
export const removeAccount = `
${programs}${entry}
rest() (
  name=$(printf '%s' "$1" | sed 's/[.]/[.]/g')
  ! grep -q "^$name:" /etc/shadow 2>/dev/null || pwconv || exit 1
  for group in $(cat /etc/group /etc/gshadow 2>/dev/null | sed -nE "s/^([^:]*):.*[:,]$name(,.*)?$/\\1/p" | sort -u); do
    gpasswd -d "$1" "$group" >/dev/null || exit 1
  done
  ! grep -q "^$name:" /etc/group || groupdel "$1" || exit 1
  ! grep -q "^$name:" /etc/gshadow 2>/dev/null || grpconv
)
if ! entry "$1"; then rest "$1"; exit; fi
userdel "$1" 2>/dev/null && exit 0
for signal in TERM KILL; do
  for process in /proc/[0-9]*; do
    [ "$(stat -c %u "$process" 2>/dev/null)" != "$uid" ] || kill -"$signal" "\${process#/proc/}" 2>/dev/null
  done
  sleep 1
done
userdel "$1"
`;
