import { randomBytes } from "node:crypto";
import { printableLine } from "../lib/text.ts";
import { script } from "./quote.ts";
import { RemoteError, type Command, type CommandResult, type FilePut } from "./session.ts";

const timeoutMs = 60_000;

/** Writes one file by one command. Rejects with RemoteError, of class disk where that is full or read-only. */
export async function putFile(
  machine: string,
  exec: (command: Command) => Promise<CommandResult>,
  file: FilePut,
): Promise<void> {
  const { path, content, mode, owner = "", inPlace = false } = file;
  const draft = `${path}.slipway-${randomBytes(6).toString("hex")}`;
  const argv = script(
    putScript,
    path,
    draft,
    mode,
    owner,
    String(content.byteLength),
    inPlace ? "in-place" : "rename",
  );
  const result = await exec({ argv, stdin: content, timeoutMs, maxBytes: 65_536 });
  if (result.code === 0) return;
  const said =
    printableLine(result.stderr.toString().trim()).slice(-300) || `exit code ${result.code}`;
  const full = /no space left|quota exceeded|read-only file system/i.test(said);
  throw new RemoteError(machine, full ? "disk" : "access", `cannot write ${path}: ${said}`);
}

/**
 * A cut connection looks like the end of the content, so its length is checked before anything is replaced.
 * Nobody hears then what the shell says, which would end it before it has cleared up. What it was writing when the machine lost its power
 * goes with the next one. In place, the content is complete on the disk before the first byte of the file changes.
 */
const putScript = `set -eu
path=$1 draft=$2 mode=$3 owner=$4 bytes=$5 how=$6
export LC_ALL=C
umask 077
folder=\${path%/*}
mkdir -p -- "\${folder:-/}"
if [ -d "$path" ] && [ ! -L "$path" ]; then echo "it is a folder" >&2; exit 1; fi
hex=[0-9a-f]
hex=$hex$hex$hex
rm -f -- "$path".slipway-$hex$hex$hex$hex
trap 'rm -f -- "$draft"' EXIT
trap 'exit 1' HUP INT PIPE TERM
cat >"$draft"
if [ "$(wc -c <"$draft")" -ne "$bytes" ]; then echo "the content was cut off" >&2; exit 1; fi
if [ "$how" = in-place ] && [ -f "$path" ] && [ ! -L "$path" ]; then
  cat <"$draft" >"$path"
  [ -z "$owner" ] || chown -- "$owner" "$path"
  chmod -- "$mode" "$path"
else
  [ -z "$owner" ] || chown -- "$owner" "$draft"
  chmod -- "$mode" "$draft"
  sync -- "$draft" 2>/dev/null || :
  mv -f -T -- "$draft" "$path" 2>/dev/null || { [ ! -d "$path" ] && mv -f -- "$draft" "$path"; }
fi`;
