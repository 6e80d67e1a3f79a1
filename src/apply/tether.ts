import type { Session } from "../remote/session.ts";

/** What ends a container over there when nobody is left here who would. */
export interface Tether {
  /** Lets go: what still runs by then is ended. */
  end(): void;
}

const heartbeatMs = 10_000;

/**
 * Waits until there was no heartbeat for 30 s or the pipe ends, then ends what is left of the container: all processes whose
 * cgroup is named for it, as there may be no engine's client there to do it with.
 */
const tetherScript = `
hit() {
  hits=0
  for file in /proc/[0-9]*/cgroup; do
    pid=\${file#/proc/} pid=\${pid%/cgroup}
    while read -r line; do
      case $line in *"$1"*) kill -"$2" "$pid" 2>/dev/null && hits=1; break ;; esac
    done 2>/dev/null < "$file"
  done
}
echo tied
while timeout 30 sh -c 'read -r beat'; do :; done
hit "$1" TERM
left=10
while [ $hits = 1 ] && [ $left -gt 0 ]; do sleep 1; left=$((left - 1)); hit "$1" 0; done
[ $hits = 0 ] || hit "$1" KILL
`;

/** Ties a container, by its id, to this client. It is held once this resolves. Rejects with RemoteError. */
export async function tether(session: Session, container: string): Promise<Tether> {
  const process = await session.start({ argv: ["sh", "-c", tetherScript, "sh", container] });
  await process.stdout[Symbol.asyncIterator]().next();
  const beat = setInterval(() => process.write("beat\n"), heartbeatMs);
  const end = (): void => {
    clearInterval(beat);
    process.end();
  };
  process.exited.catch(() => undefined).finally(() => clearInterval(beat));
  return { end };
}
