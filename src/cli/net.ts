import type { Io, Screen } from "./io.ts";

type Redact = (text: string) => string;

/** The last net below all that a command prints: what was opened is taken out, crash output included. */
export interface Net {
  readonly io: Io;
  /** For what cuts a text off before it is printed: of half a secret nobody knows what it is. */
  redact(this: void, text: string): string;
  /** From now on; a command may open several repos. */
  spread(redact: Redact): void;
}

/** Bytes are an app's own output, which its reader asked for: they pass. */
export function netted(io: Io): Net {
  const known: Redact[] = [];
  const redact: Redact = (text) => known.reduce((clean, one) => one(clean), text);
  const clean = (data: string | Uint8Array): string | Uint8Array =>
    typeof data === "string" ? redact(data) : data;
  const below = (screen: Screen): Screen => ({
    isTerminal: screen.isTerminal,
    get columns() {
      return screen.columns;
    },
    get rows() {
      return screen.rows;
    },
    write: (data) => screen.write(clean(data)),
    drained: async () => await screen.drained(),
  });
  return {
    io: { ...io, out: below(io.out), err: below(io.err) },
    redact,
    spread: (one) => void known.push(one),
  };
}
