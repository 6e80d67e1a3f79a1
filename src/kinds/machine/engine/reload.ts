import type { RunStep } from "../../../model/step.ts";
import { daemonFile } from "./daemon.ts";

/**
 * The engine can reload, so that this never restarts it; where it does not run it reads the file when it starts. The file and the
 * engine's knowledge of it change together: where it does not take it, the former one stays. As long as that lies beside it
 * the engine was not told. `$4`: how it says then whether containers outlive it; told is not yet read, and what is said next could
 * be all that it reads.
 */
const script = `
set -e
file=$1
umask 022
mkdir -p "\${file%/*}"
if [ ! -e "$file.former" ]; then
  rm -f "$file.partial"
  if [ -e "$file" ]; then cp -p "$file" "$file.partial"; else : >"$file.partial"; fi
  mv -f "$file.partial" "$file.former"
fi
if [ "$2" = none ]; then
  rm -f "$file"
else
  printf %s "$3" >"$file.new"
  mv -f "$file.new" "$file"
fi
if ! systemctl try-reload-or-restart docker.service; then
  if [ -s "$file.former" ]; then mv -f "$file.former" "$file"; else rm -f "$file" "$file.former"; fi
  exit 1
fi
if [ -n "$4" ] && systemctl is-active --quiet docker.service && command -v docker >/dev/null; then
  tries=100
  until [ "$(docker info --format '{{.LiveRestoreEnabled}}' 2>/dev/null)" = "$4" ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "the engine was told of live-restore, and does not take it" >&2; exit 1; }
    sleep 0.2
  done
fi
rm -f "$file.former"
`;

/** No container is touched by it. Null: without a file. With `liveRestore` it ends once the engine says so too. */
export const reloadWith = (text: string | null, liveRestore?: boolean): RunStep => ({
  do: "run",
  argv: [
    "sh",
    "-c",
    script,
    "sh",
    daemonFile,
    text === null ? "none" : "text",
    text ?? "",
    liveRestore === undefined ? "" : String(liveRestore),
  ],
  timeoutMs: 60_000,
});
