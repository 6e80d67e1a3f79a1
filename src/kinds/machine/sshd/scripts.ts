import { reloadSshd } from "../../shared/sshd-reload.ts";

/** Programs of the system are not on every login's path. */
const programs = `PATH=$PATH:/usr/sbin:/sbin`;

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
${reloadSshd}
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
${reloadSshd}
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
${reloadSshd}
${config}
${instead}
umask 077
rm -f -- "$1" "$1.new" "$config.with" "$config.slipway" || exit 1
if grep -qxF -- "Include $1" "$config"; then
  grep -vxF -- "Include $1" "$config" >"$config.with"
  instead "$config" <"$config.with" && rm -f -- "$config.with" || exit 1
fi
sshd -t && reload
`;
