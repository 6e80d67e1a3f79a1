import { run } from "../put.ts";
import type { StepContext } from "../steps.ts";

/** A server's line in a proxy's configuration. */
export interface ServerLine {
  readonly backend: string;
  readonly slot: string;
  /** What stands behind its name. */
  readonly text: string;
  /** Where the proxy asks for its health; `none`: at no path. Absent: where it did. */
  readonly path?: string;
}

export const outOfUse = "0.0.0.0:1 disabled";

/** What is written here is what a proxy does that is started anew. */
export async function rewriteServers(
  context: StepContext,
  proxy: string,
  lines: readonly ServerLine[],
): Promise<void> {
  const words = lines.flatMap(({ backend, slot, text, path = "" }) => [backend, slot, text, path]);
  await run(context, {
    do: "run",
    argv: ["sh", "-c", rewriteScript, "sh", proxy, ...words],
    timeoutMs: 30_000,
  });
}

/** Servers' lines of the configuration, and where they are asked: written in place, one at a time, as apps roll side by side. */
export const rewriteScript = `
set -eu
proxy=$1
shift
exec 9<"$proxy"
flock 9
for word; do printf '%s\\n' "$word"; done >"$proxy/servers.partial"
awk '
  FNR == NR { if (FNR % 4 == 1) b = $0; else if (FNR % 4 == 2) s = $0; else if (FNR % 4 == 3) line[b " " s] = $0; next }
  $1 == "backend" { backend = $2 }
  $1 == "server" && (backend " " $2) in line { print "  server " $2 " " line[backend " " $2]; next }
  { print }
' "$proxy/servers.partial" "$proxy/haproxy.cfg" >"$proxy/haproxy.cfg.partial"
chmod 0600 "$proxy/haproxy.cfg.partial"
mv -f "$proxy/haproxy.cfg.partial" "$proxy/haproxy.cfg"
paths=$proxy/check-paths.map
if [ -f "$paths" ]; then
  awk '
    FNR == NR { if (FNR % 4 == 1) b = $0; else if (FNR % 4 == 2) s = $0; else if (FNR % 4 == 0 && $0 != "") path[b "/" s] = $0; next }
    !($1 in path) { print }
    END { for (key in path) if (path[key] != "none") print key " " path[key] }
  ' "$proxy/servers.partial" "$paths" | LC_ALL=C sort >"$paths.partial"
  chmod 0600 "$paths.partial"
  mv -f "$paths.partial" "$paths"
fi
rm -f "$proxy/servers.partial"
`;
