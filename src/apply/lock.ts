import type { Clock } from "../lib/clock.ts";
import { orAbort } from "../lib/deadline.ts";
import { canonicalJson } from "../lib/json.ts";
import { emptyInventory, parseInventory, type Inventory } from "../model/inventory.ts";
import { machinePaths } from "../model/paths.ts";
import type { Process, Session } from "../remote/session.ts";
import { StepFailure } from "./failure.ts";
import { inventoryText } from "./record.ts";

/** A machine held under its lock. */
export interface Hold {
  readonly machine: string;
  readonly session: Session;
  readonly epoch: number;
  /** It had to wait for what a former holder left going on in the engine. */
  readonly hasWaited: boolean;
  /** As read under the lock, with our epoch, and as updated since. */
  inventory(): Inventory;
  /** Writes what `change` makes of it; updates of one machine follow one another. Nothing is written where it is the same. */
  update(change: (inventory: Inventory) => Inventory): Promise<void>;
  /**
   * Throws StepFailure `fenced` when another has taken the machine since. What may go on in the engine for `outlivesMs`
   * after us is announced to who comes next, until the function given is called: it has ended.
   */
  fence(outlivesMs: number): Promise<() => void>;
  release(): Promise<void>;
}

const heartbeatMs = 10_000;
const longestWaitMs = 600_000;
const execMs = 20_000;
const releaseMs = 2_000;
const busyCode = 75;
const fencedCode = 76;
/** A check so young counts for the next step as well: a step may take as long to arrive after its own. */
const freshMs = 150;

/**
 * Runs as root under `flock`: makes the folder and the machine's key, tells what the former holder announced, then reads
 * heartbeats until there was none for 30 s or the pipe ends. (`read -t` is not in every sh; `timeout` is everywhere.)
 */
const holdScript = `
umask 077
root=$1
if [ ! -s "$root/key" ]; then
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \\n' > "$root/key.new" && mv -f "$root/key.new" "$root/key" || exit 1
fi
set -- $(head -c 200 "$root/lock")
printf 'held %s %s\\n' "\${2:-0}" "$(date +%s)"
while timeout 30 sh -c 'read -r beat'; do :; done
`;

const lockScript = `umask 077; mkdir -p "$1/files" "$1/before" && exec flock -n -E ${busyCode} -o "$1/lock" sh -c "$2" sh "$1"`;

/**
 * Under which epoch the machine is, and what the holder is about to do that may outlive its connection. It runs before each
 * step: the shell reads by itself, up to the epoch, which stands before what grows.
 */
const fenceScript = `
epoch=
while read -r name value rest; do
  case $name in '"epoch":') epoch=\${value%,}; break ;; esac
done < "$1/inventory.json"
[ "$epoch" = "$2" ] || exit ${fencedCode}
[ "$3" = - ] || printf 'until %s\\n' $(( $(date +%s) + $3 )) > "$1/lock"
`;

export interface LockWish {
  /** Called as soon as nobody else can take it. */
  readonly onLocked?: () => void;
  /** Ends the waiting, not the holding. */
  readonly signal?: AbortSignal;
}

/**
 * Takes a machine's lock without blocking; undefined when another holds it. Waits out what a dead holder announced.
 * Rejects once the signal aborts before it is held.
 */
export async function takeLock(
  session: Session,
  fleet: string,
  clock: Clock,
  { onLocked = () => undefined, signal = new AbortController().signal }: LockWish = {},
): Promise<Hold | undefined> {
  const { root } = machinePaths(fleet);
  const process = await session.start({ argv: ["sh", "-c", lockScript, "sh", root, holdScript] });
  const first = await orAbort(firstLine(process), signal).catch((error: unknown) => {
    process.kill();
    throw error;
  });
  if (first === undefined) {
    const code = await process.exited;
    if (code === busyCode) return undefined;
    throw new StepFailure("machine", `the lock could not be taken (exit code ${code})`, {
      trouble: "access",
    });
  }
  onLocked();
  const stopBeating = keepBeating(process, clock);
  try {
    const hasWaited = await waitOutFormer(first, clock, signal);
    return { ...(await holdUnder(session, fleet, process, stopBeating, clock)), hasWaited };
  } catch (error) {
    stopBeating();
    process.end();
    throw error;
  }
}

/** Until it is told to stop, or the reader has gone. */
function keepBeating(process: Process, clock: Clock): () => void {
  const stop = new AbortController();
  process.exited
    .catch(() => undefined)
    .finally(() => stop.abort())
    .catch(() => undefined);
  const beat = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await clock.sleep(heartbeatMs, stop.signal).catch(() => undefined);
      if (!stop.signal.aborted) process.write("beat\n");
    }
  };
  void beat();
  return () => stop.abort();
}

async function waitOutFormer(line: string, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const [, until = "0", now = "0"] = line.split(" ");
  const waitMs = (Number(until) - Number(now)) * 1_000;
  if (waitMs > 0) await clock.sleep(Math.min(waitMs, longestWaitMs), signal);
  return waitMs > 0;
}

async function holdUnder(
  session: Session,
  fleet: string,
  process: Process,
  stopBeating: () => void,
  clock: Clock,
): Promise<Omit<Hold, "hasWaited">> {
  const { root } = machinePaths(fleet);
  const before = await readInventory(session, fleet);
  let current: Inventory = { ...before, epoch: before.epoch + 1 };
  const { epoch } = current;
  const save = async (next: Inventory): Promise<void> => {
    const content = Buffer.from(inventoryText(next));
    await session.put({ path: `${root}/inventory.json`, content, mode: "0600" });
    current = next;
  };
  const check = async (seconds: string): Promise<void> => {
    const argv = ["sh", "-c", fenceScript, "sh", root, String(epoch), seconds];
    const { code } = await session.exec({ argv, timeoutMs: execMs });
    if (code === 0) return;
    const why =
      code === fencedCode
        ? "another controller has taken the machine"
        : `the fence ended with ${code}`;
    throw new StepFailure("fenced", why, { trouble: "fenced" });
  };
  await save(current);
  let updates = Promise.resolve();
  const announcements = openAnnouncements(clock, check);
  return {
    machine: session.machine,
    session,
    epoch,
    inventory: () => current,
    update: async (change) => {
      const mine = updates.then(async () => {
        const next = change(current);
        if (canonicalJson(next) === canonicalJson(current)) return;
        await check("-");
        await save(next);
      });
      updates = mine.catch(() => undefined);
      await mine;
    },
    fence: (outlivesMs) => announcements.check(outlivesMs),
    release: async () => {
      stopBeating();
      try {
        await announcements.takeBack();
      } catch {
        // Fenced or unreachable: then there is nothing of ours to take back.
      }
      process.end();
      await hasGone(process, clock);
    },
  };
}

/** The next to ask must find it free: waits for the reader to have gone, but not for ever. */
async function hasGone(process: Process, clock: Clock): Promise<void> {
  const gone = new AbortController();
  process.exited.finally(() => gone.abort()).catch(() => undefined);
  await clock.sleep(releaseMs, gone.signal).catch(() => undefined);
}

interface Announcements {
  check(outlivesMs: number): Promise<() => void>;
  takeBack(): Promise<void>;
}

/** The lock file says how long the longest of them may go on; writes follow one another, and the next check takes back. */
function openAnnouncements(clock: Clock, write: (seconds: string) => Promise<void>): Announcements {
  const untilMs = new Set<{ readonly ms: number }>();
  let isWritten = false;
  let checkedMs = Number.NEGATIVE_INFINITY;
  const check = async (seconds: string): Promise<void> => {
    // From its start, and by the clock on the wall, which goes on while this process or its machine sleeps.
    const startedMs = clock.now();
    await write(seconds);
    checkedMs = startedMs;
  };
  const isFresh = (): boolean => {
    const ageMs = clock.now() - checkedMs;
    return ageMs >= 0 && ageMs <= freshMs;
  };
  let writes = Promise.resolve();
  const say = (): Promise<void> => {
    const mine = writes.then(async () => {
      const leftMs = Math.max(0, ...[...untilMs].map(({ ms }) => ms - clock.now()));
      await check(String(Math.ceil(leftMs / 1_000)));
      isWritten = leftMs > 0;
    });
    writes = mine.catch(() => undefined);
    return mine;
  };
  return {
    check: async (outlivesMs) => {
      const own = { ms: clock.now() + outlivesMs + 1_000 };
      if (outlivesMs > 0) untilMs.add(own);
      if (outlivesMs > 0 || (isWritten && untilMs.size === 0)) await say();
      else if (!isFresh()) await check("-");
      return () => void untilMs.delete(own);
    },
    takeBack: async () => {
      untilMs.clear();
      if (isWritten) await say();
    },
  };
}

async function readInventory(session: Session, fleet: string): Promise<Inventory> {
  const { inventory } = machinePaths(fleet);
  const argv = ["sh", "-c", '[ -e "$1" ] || exit 44; exec cat "$1"', "sh", inventory];
  const result = await session.exec({ argv, timeoutMs: execMs, maxBytes: 10_000_000 });
  if (result.code === 44) return emptyInventory(fleet, session.machine);
  const parsed = result.code === 0 ? parseInventory(result.stdout.toString("utf8")) : undefined;
  if (parsed !== undefined) return parsed;
  throw new StepFailure(
    "machine",
    `${inventory} cannot be read; move it away to have it made anew`,
    { trouble: "access" },
  );
}

/** The pipe stays open: leaving a `for await` would close it, and with it the lock. */
async function firstLine(process: Process): Promise<string | undefined> {
  const chunks = process.stdout[Symbol.asyncIterator]();
  let text = "";
  while (text.length < 1_000) {
    const next = await chunks.next();
    if (next.done === true) return undefined;
    text += Buffer.from(next.value).toString("utf8");
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return undefined;
}
