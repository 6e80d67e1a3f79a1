import { mapLimit } from "../lib/parallel.ts";
import { RemoteError, type Fleet, type Session, type Target } from "../remote/session.ts";

const machinesAtOnce = 50;
const seconds = 10;
const maxBytes = 4 * 1024 * 1024;

/**
 * What apt would install if it were told to, as far as it knows: by lists that are a week old it knows nothing, nor without
 * one of security updates. Changes nothing, and waits for no other apt.
 */
export const updatesScript = `
[ -n "$(find "$1" -maxdepth 0 -mtime -8 2>/dev/null)" ] || exit 44
for list in "$1"/*-security*_Packages*; do break; done
[ -e "$list" ] || exit 44
export LC_ALL=C
exec apt-get -s -o Debug::NoLocking=true --with-new-pkgs upgrade
`;

/**
 * How many security updates each machine has yet to install; one that does not tell is left out. It takes a second or more
 * of a machine, and so is no part of a look.
 */
export async function observeUpdates(
  remote: Fleet,
  targets: readonly Target[],
): Promise<ReadonlyMap<string, number>> {
  const counts = await mapLimit(targets, machinesAtOnce, async (target) => {
    const count = await securityUpdates(remote, target);
    return count === undefined ? [] : [[target.machine, count] as const];
  });
  return new Map(counts.flat());
}

async function securityUpdates(remote: Fleet, target: Target): Promise<number | undefined> {
  try {
    return await askUpdates(await remote.session(target));
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return undefined;
  }
}

async function askUpdates(session: Session): Promise<number | undefined> {
  const { code, stdout } = await session.exec({
    argv: [...session.limit(seconds), "sh", "-c", updatesScript, "sh", "/var/lib/apt/lists"],
    timeoutMs: (seconds + 5) * 1000,
    maxBytes,
  });
  return code === 0 ? countSecurityUpdates(stdout.toString("utf8")) : undefined;
}

/** `Inst zip [3.0-13] (3.0-13+deb12u1 Debian-Security:12/oldstable-security [amd64])` */
export const countSecurityUpdates = (text: string): number =>
  text.split("\n").filter((line) => /^Inst \S+ .*\([^)]*-security\b/i.test(line)).length;
