import type { RunStep } from "../../../model/step.ts";
import { daemonFile } from "./daemon.ts";

/**
 * The engine can reload, so that this never restarts it; where it does not run it reads the file when it starts. The file and the
 * engine's knowledge of it change together: where it does not take it, the former one stays.
 */
const script = `
set -e
file=$1
umask 022
mkdir -p "\${file%/*}"
rm -f "$file.former"
[ ! -e "$file" ] || cp -p "$file" "$file.former"
if [ "$2" = none ]; then
  rm -f "$file"
else
  printf %s "$3" >"$file.new"
  mv -f "$file.new" "$file"
fi
if ! systemctl try-reload-or-restart docker.service; then
  if [ -e "$file.former" ]; then mv -f "$file.former" "$file"; else rm -f "$file"; fi
  exit 1
fi
rm -f "$file.former"
`;

/** No container is touched by it. Null: without a file. */
export const reloadWith = (text: string | null): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", daemonFile, text === null ? "none" : "text", text ?? ""],
  timeoutMs: 60_000,
});
