import {
  RemoteError,
  type Fleet,
  type Process,
  type Session,
} from "../../../src/remote/session.ts";
import type { SimClock } from "./clock.ts";
import type { SimMachine } from "./machine.ts";
import type { Random } from "./random.ts";
import { answerScript, runCommand } from "./shell.ts";

/** A call to a machine, as it is about to go there. */
export interface SimCall {
  readonly number: number;
  readonly machine: SimMachine;
  readonly text: string;
  readonly isChanging: boolean;
}

/** What befalls a call: the line breaks before it is done, or after; its controller dies before it, or after. */
export type Fate = "goes" | "lost-undone" | "lost-done" | "dies-before" | "dies-after";

/** What a controller's connections need of its world. */
export interface RemoteSide {
  readonly name: string;
  readonly clock: SimClock;
  readonly random: Random;
  readonly machines: ReadonlyMap<string, SimMachine>;
  isDead(): boolean;
  die(): void;
  fateOf(call: SimCall): Fate;
  tell(text: string): void;
}

const hangMs = 8_000;

/** Nobody is there any more to hear of it; what has a deadline in real time is let go of. */
const never = (text = ""): Promise<never> =>
  text === "observe"
    ? Promise.reject(new RemoteError("", "unreachable", "the controller is dead"))
    : new Promise(() => undefined);

/** One controller's connections: each call takes its time there and back, and meets its fate. */
export class SimRemote implements Fleet {
  private readonly side: RemoteSide;
  private readonly sessions = new Map<string, SimSession>();
  private calls = 0;

  constructor(side: RemoteSide) {
    this.side = side;
  }

  async session({ machine: name }: { readonly machine: string }): Promise<Session> {
    const known = this.sessions.get(name);
    if (known !== undefined && !known.gone.aborted) return known;
    const machine = this.side.machines.get(name);
    if (machine === undefined) throw new Error(`there is no machine ${name}`);
    const opened = new SimSession(machine, this.side, () => ++this.calls);
    await opened.open();
    const raced = this.sessions.get(name);
    if (raced !== undefined && !raced.gone.aborted) return raced;
    this.sessions.set(name, opened);
    return opened;
  }

  seenHostKey(): undefined {
    return undefined;
  }

  async close(): Promise<void> {}

  /** The controller has gone: its lines break at once, or the other side never hears of it. */
  vanish(isHeard: boolean): void {
    if (isHeard) for (const session of this.sessions.values()) session.endReaders();
  }
}

class SimSession implements Session {
  readonly machine: string;
  private readonly there: SimMachine;
  private readonly side: RemoteSide;
  private readonly nextNumber: () => number;
  private readonly lost = new AbortController();
  private readonly readers = new Set<() => void>();

  constructor(machine: SimMachine, side: RemoteSide, nextNumber: () => number) {
    this.machine = machine.name;
    this.there = machine;
    this.side = side;
    this.nextNumber = nextNumber;
  }

  get gone(): AbortSignal {
    return this.lost.signal;
  }

  limit(): readonly string[] {
    return [];
  }

  async open(): Promise<void> {
    if (this.side.isDead()) return await never();
    await this.side.clock.sleep(5 + this.side.random.below(20));
    if (this.there.isReachable) return;
    await this.side.clock.sleep(hangMs);
    throw this.breaks();
  }

  confirm: Session["confirm"] = async () => {
    await this.open();
    return undefined;
  };

  exec: Session["exec"] = async ({ argv }) =>
    await this.call(nameOfCommand(argv), !isReading(argv), () => {
      const { code, stdout, stderr } = runCommand(this.there, argv);
      this.there.onChange();
      return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
    });

  put: Session["put"] = async ({ path, content, mode, owner, inPlace }) =>
    await this.call(`put ${path}`, true, () => {
      if (this.there.isDiskFull)
        throw new RemoteError(
          this.machine,
          "disk",
          `cannot write ${path}: no space left on device`,
        );
      const text = Buffer.from(content).toString("utf8");
      const { disk } = this.there;
      if (inPlace === true) disk.rewrite(path, text, Number.parseInt(mode, 8), owner);
      else disk.write(path, text, Number.parseInt(mode, 8), owner);
      this.there.onChange();
    });

  start: Session["start"] = async ({ argv, stdin }) =>
    argv.length === 1
      ? await this.call("observe", false, () =>
          processOf(answerScript(this.there, String(stdin ?? ""))),
        )
      : await this.call("lock", true, () => this.startLock(argv));

  engine: Session["engine"] = async ({ method, path, body }) =>
    await this.call(`${method} ${shortPath(path)}`, method !== "GET", async () => {
      const reply = await this.there.request(method, path, body);
      return { status: reply.status, body: reply.body };
    });

  engineStream: Session["engineStream"] = async ({ method, path }) =>
    await this.call(`${method} ${shortPath(path)}`, method !== "GET", () => {
      const url = new URL(path, "http://engine");
      const isPull = url.pathname === "/images/create";
      if (!isPull && !url.pathname.endsWith("/logs")) throw new Error(`no stream of ${path}`);
      const lines = isPull ? this.there.pull(url.searchParams.get("fromImage") ?? "") : [];
      return { status: 200, headers: {}, chunks: chunksOf(lines), close: () => undefined };
    });

  probe: Session["probe"] = async ({ host }) =>
    await this.call("probe", false, () => this.there.probe(host));

  talk: Session["talk"] = async ({ path, text }) =>
    await this.call(`talk ${path}`, !text.startsWith("show "), () => {
      const answer = this.there.someListenerAt(path, this.side.random)?.say(text);
      this.there.onChange();
      if (answer !== undefined) return answer;
      throw new RemoteError(this.machine, "network", `nothing listens at ${path}`);
    });

  startAttached = (): Promise<never> => Promise.reject(new Error("a pass attaches to nothing"));

  execIn = (): Promise<never> => Promise.reject(new Error("a pass runs nothing in containers"));

  async close(): Promise<void> {}

  /** What was sent so far arrives as the end of the readers' input. */
  endReaders(): void {
    for (const end of this.readers) end();
  }

  private startLock(argv: readonly string[]): Process {
    const { there, side } = this;
    const [, , script = "", , root = ""] = argv;
    if (!script.includes("flock -n")) throw new Error(`the simulator does not know ${script}`);
    const exit = Promise.withResolvers<number>();
    exit.promise.catch(() => undefined);
    this.gone.addEventListener("abort", () => exit.reject(this.gone.reason as Error));
    const said = there.lock(root, side.name, (code) => exit.resolve(code));
    if (said === undefined) {
      exit.resolve(75);
      return { ...processOf(""), exited: exit.promise };
    }
    const { reader } = there;
    const reaches = (): boolean => there.isReachable && !side.isDead() && !this.gone.aborted;
    const end = (): void => reader?.end();
    this.readers.add(end);
    return {
      ...processOf(said),
      write: () => {
        if (reader !== undefined && reaches()) reader.lastBeatMs = side.clock.now();
      },
      end: () => {
        if (reaches()) end();
      },
      exited: exit.promise,
    };
  }

  private async call<T>(
    text: string,
    isChanging: boolean,
    work: () => T | Promise<T>,
  ): Promise<Awaited<T>> {
    const { side, there } = this;
    if (side.isDead()) return await never(text);
    if (this.gone.aborted) throw this.gone.reason;
    const call = { number: this.nextNumber(), machine: there, text, isChanging };
    const fate = side.fateOf(call);
    const say = (how: string): void =>
      side.tell(`${there.name} #${call.number} ${text}${how === "" ? "" : `: ${how}`}`);
    if (fate === "dies-before") return await this.die(say, text, "before it");
    await side.clock.sleep(1 + side.random.below(30));
    if (side.isDead()) return await never(text);
    if (!there.isReachable || fate === "lost-undone") return await this.hang(say, "not done");
    if (isChanging && text !== "lock") there.checkHolder(side.name, text);
    let done: Awaited<T>;
    try {
      done = await work();
    } catch (error) {
      say(error instanceof Error ? error.message : "refused");
      throw error;
    }
    if (fate === "dies-after") return await this.die(say, text, "after it");
    await side.clock.sleep(1 + side.random.below(10));
    if (side.isDead()) return await never(text);
    if (!there.isReachable || fate === "lost-done") return await this.hang(say, "done, unanswered");
    if (isChanging) say(textOfResult(done));
    return done;
  }

  private async die(say: (how: string) => void, text: string, when: string): Promise<never> {
    say(`the controller dies ${when}`);
    this.side.die();
    return await never(text);
  }

  private async hang(say: (how: string) => void, how: string): Promise<never> {
    say(how);
    await this.side.clock.sleep(hangMs);
    throw this.breaks();
  }

  /** One keepalive for all: whoever waits on this connection hears of it. */
  private breaks(): RemoteError {
    const error = new RemoteError(this.machine, "unreachable", "no answer: the line is broken");
    if (!this.lost.signal.aborted) this.lost.abort(error);
    return error;
  }
}

const processOf = (said: string): Process => ({
  write: () => undefined,
  end: () => undefined,
  stdout: chunksOf(said === "" ? [] : [said], ""),
  stderr: chunksOf([]),
  exited: Promise.resolve(0),
  kill: () => undefined,
});

async function* chunksOf(lines: readonly string[], end = "\n"): AsyncGenerator<Uint8Array> {
  for (const line of lines) yield Buffer.from(`${line}${end}`);
}

const nameOfCommand = (argv: readonly string[]): string => {
  const [command, , script = "", , ...parameters] = argv;
  if (command !== "sh") return argv.join(" ");
  const isRead = /exec (?:cat|tail|grep)/.test(script);
  const what = script.includes('"epoch":') ? "fence" : isRead ? "read" : "script";
  return [what, ...parameters].join(" ");
};

/** Reading a file, and asking the fence without telling it anything. */
const isReading = (argv: readonly string[]): boolean =>
  /exec (cat|tail|grep)|<\/proc\/meminfo/.test(argv[2] ?? "") || argv.at(-1) === "-";

const shortPath = (path: string): string =>
  decodeURIComponent(path)
    .replaceAll(/[0-9a-f]{64}/g, (id) => id.slice(0, 8))
    .slice(0, 110);

const textOfResult = (done: unknown): string => {
  if (typeof done !== "object" || done === null) return "";
  if ("status" in done) return String(done.status);
  return "code" in done && done.code !== 0 ? `exit code ${String(done.code)}` : "";
};
