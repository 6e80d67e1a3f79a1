import type { Input, Io, Screen } from "../../src/cli/io.ts";
import type { Parts } from "../../src/cli/parts.ts";
import type { SecretOpener } from "../../src/pass/world.ts";

export interface RecordedIo extends Io {
  readonly said: () => { readonly out: string; readonly err: string };
  /** What the next interrupt listener would hear. */
  interrupt(): void;
  /** Something is thrown where nobody waits for it. */
  crash(error: unknown): void;
  readonly quits: readonly number[];
}

/** A command's surroundings that keep what was written; not a terminal unless told. */
export function recordedIo(
  options: Partial<Pick<Io, "env" | "cwd" | "home">> & {
    readonly answer?: string;
    /** What is typed unseen, question by question. */
    readonly hidden?: readonly string[];
    readonly input?: string | Uint8Array;
    readonly isTerminal?: boolean;
  } = {},
): RecordedIo {
  let out = "";
  let err = "";
  const { isTerminal = false } = options;
  const listeners = new Set<() => void>();
  const quits: number[] = [];
  const hidden = [...(options.hidden ?? [])];
  let hearCrash = (_: unknown): void => undefined;
  const screen = (take: (text: string) => void): Screen => ({
    isTerminal,
    columns: 100,
    rows: 24,
    write: (data) => take(typeof data === "string" ? data : Buffer.from(data).toString()),
    drained: () => Promise.resolve(),
  });
  const input: Input = {
    isTerminal,
    chunks: (async function* all() {
      if (options.input !== undefined) yield Buffer.from(options.input);
    })(),
    setRaw: () => undefined,
    release: () => undefined,
  };
  return {
    env: options.env ?? {},
    cwd: options.cwd ?? "/",
    home: options.home ?? "/nowhere",
    out: screen((text) => (out += text)),
    err: screen((text) => (err += text)),
    input,
    ask: () => Promise.resolve(options.answer),
    askHidden: (question) => {
      err += `${question}\n`;
      return Promise.resolve(hidden.shift());
    },
    onInterrupt: (call) => {
      listeners.add(call);
      return () => listeners.delete(call);
    },
    onHangup: () => () => undefined,
    onResize: () => () => undefined,
    onCrash: (call) => void (hearCrash = call),
    quit: (code) => quits.push(code),
    said: () => ({ out, err }),
    crash: (error) => hearCrash(error),
    interrupt: () => {
      for (const call of listeners) call();
    },
    quits,
  };
}

const closed: SecretOpener = {
  prepare: () => Promise.resolve(false),
  open: () => Promise.reject(new Error("no secret may be opened")),
  spare: () => undefined,
  redact: (text) => text,
  apart: () => closed,
};

/** For commands that must not ask for anything from outside. */
export const noParts: Parts = {
  openFleet: () => Promise.reject(new Error("no machine may be asked")),
  publicKeys: () => Promise.reject(new Error("no key may be read")),
  scanHostKey: () => Promise.reject(new Error("no machine may be asked")),
  openSecrets: () => Promise.resolve(closed),
  openIssuer: () =>
    Promise.resolve({
      standIn: () => {
        throw new Error("no certificate may be made");
      },
      obtain: () => Promise.reject(new Error("no certificate may be issued")),
      putOff: () => undefined,
      againMs: () => undefined,
    }),
  ageKey: () => Promise.reject(new Error("no key may be made")),
  readIdentities: () => Promise.reject(new Error("no key may be read")),
};
