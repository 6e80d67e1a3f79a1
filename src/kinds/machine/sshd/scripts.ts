/** Programs of the system are not on every login's path. */
const programs = `PATH=$PATH:/usr/sbin:/sbin`;

/**
 * Has the daemon read its files again, by the service manager where that runs it, and waits until it has: before that
 * a new connection would be answered as before.
 */
const reload = `
reload() {
  pid_file=$(sshd -T 2>/dev/null | sed -n 's/^pidfile //p')
  case $pid_file in /*) ;; *) pid_file= ;; esac
  aside=$pid_file.slipway
  daemon=
  [ -z "$pid_file" ] || [ ! -f "$pid_file" ] || { daemon=$(cat "$pid_file") && mv -f "$pid_file" "$aside"; } || return 1
  told=
  if [ -d /run/systemd/system ]; then
    for unit in ssh sshd; do
      [ -n "$told" ] || ! systemctl is-active --quiet "$unit" || { systemctl reload "$unit" && told=$unit; }
    done
    # Where each connection has an sshd of its own there is none to tell.
    [ -n "$told" ] || ! systemctl is-active --quiet ssh.socket sshd.socket || { [ -z "$daemon" ] || rm -f "$aside"; return 0; }
  fi
  [ -n "$told" ] || [ -z "$daemon" ] || ! kill -HUP "$daemon" || told=$daemon
  if [ -z "$told" ]; then
    [ -z "$daemon" ] || mv -f "$aside" "$pid_file"
    echo 'no running sshd was found that could be told' >&2
    return 1
  fi
  [ -n "$daemon" ] || { sleep 1; return 0; }
  tries=0
  while [ ! -s "$pid_file" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 50 ] || { mv -f "$aside" "$pid_file"; echo 'sshd was told, and has not come back' >&2; return 1; }
    sleep 0.2
  done
  rm -f "$aside"
}
`;

const config = `config=$(readlink -f /etc/ssh/sshd_config) || exit 1`;

/** `instead FILE`: what is read takes the place of a file, whose mode and owner stay. */
const instead = `
instead() {
  cat >"$1.slipway" && chmod --reference="$1" "$1.slipway" && chown --reference="$1" "$1.slipway" && mv -f "$1.slipway" "$1"
}
`;

/**
 * `FILE FOLDER`: a line of settings each, after `file` as ours says, `all` what sshd makes of everything, `ours` what
 * it makes of ours alone; `told` where it has read ours; `broken` with what it says; then `end`.
 */
export const seen = `
${programs}
file=$1 folder=$2
command -v sshd >/dev/null || { echo 'broken there is no sshd on this machine'; echo end; exit; }
if all=$(sshd -T 2>&1); then printf '%s\\n' "$all" | sed 's/^/all /'
else echo "broken $(printf '%s\\n' "$all" | head -n 1)"; fi
if [ -f "$file" ]; then
  sed 's/^/file /' <"$file" || exit 1
  ours=$(sshd -T -f "$file" 2>/dev/null) && printf '%s\\n' "$ours" | sed 's/^/ours /'
  [ ! -f "$folder/told" ] || [ "$(cksum <"$file")" != "$(cksum <"$folder/told")" ] || echo told
fi
echo end
`;

/** `FILE FOLDER`: keeps what there is now, to be put back. */
export const keep = `
${config}
umask 077
mkdir -p "$2" && rm -f "$2/file" "$2/config" "$2/former-told" || exit 1
cp -p -- "$config" "$2/config" || exit 1
[ ! -f "$1" ] || cp -p -- "$1" "$2/file" || exit 1
[ ! -f "$2/told" ] || cp -p -- "$2/told" "$2/former-told"
`;

/** `FILE FOLDER`: puts back what was kept, and has it read. */
export const restore = `
${programs}
${reload}
${config}
${instead}
if [ -f "$2/file" ]; then cp -p -- "$2/file" "$1.new" && mv -f -- "$1.new" "$1"; else rm -f -- "$1"; fi || exit 1
[ "$(cksum <"$config")" = "$(cksum <"$2/config")" ] || instead "$config" <"$2/config" || exit 1
if [ -f "$2/former-told" ]; then cp -p -- "$2/former-told" "$2/told"; else rm -f -- "$2/told"; fi
reload
`;

/**
 * `FILE FOLDER`: what is read becomes ours. Its first value of a setting is the one that counts, so nothing but comments may
 * stand before the line that names it.
 */
export const set = `
${programs}
${reload}
${config}
${instead}
umask 077
mkdir -p -m 0755 "\${1%/*}" && cat >"$1.new" || exit 1
sshd -t -f "$1.new" || { rm -f -- "$1.new"; exit 1; }
mv -f -- "$1.new" "$1" || exit 1
first=$(sed -n '/^[[:space:]]*\\(#.*\\)\\{0,1\\}$/!{p;q;}' <"$config" | tr -s ' \\t=' '   ')
case $first in
  [Ii]nclude' '"\${1%/*}/*.conf" | [Ii]nclude' '"$1") ;;
  *) { printf 'Include %s\\n' "$1" && cat "$config"; } >"$config.with" || exit 1
    instead "$config" <"$config.with" && rm -f -- "$config.with" || exit 1 ;;
esac
sshd -t && reload && cp -p -- "$1" "$2/told"
`;

/** `FILE FOLDER`: ours goes, and the line that names it. */
export const remove = `
${programs}
${reload}
${config}
${instead}
umask 077
rm -f -- "$1" || exit 1
if grep -qxF -- "Include $1" "$config"; then
  grep -vxF -- "Include $1" "$config" >"$config.with"
  instead "$config" <"$config.with" && rm -f -- "$config.with" || exit 1
fi
sshd -t && reload
`;
