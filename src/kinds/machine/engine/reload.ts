import type { RunStep } from "../../../model/step.ts";
import { daemonFile } from "./daemon.ts";

/**
 * The engine can reload, so that this never restarts it; where it does not run it reads the file when it starts. The file and the
 * engine's knowledge of it change together: where it does not take it, the former one stays. As long as that lies beside it
 * the engine was not told.
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
rm -f "$file.former"
`;

/** No container is touched by it. Null: without a file. */
export const reloadWith = (text: string | null): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", daemonFile, text === null ? "none" : "text", text ?? ""],
  timeoutMs: 60_000,
});
