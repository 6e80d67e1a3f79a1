import type { Secret } from "../model/secret.ts";
import { formsOf } from "./forms.ts";
import { Patterns } from "./patterns.ts";

/** A text that comes in pieces, cut anywhere. */
export interface RedactedStream {
  /** What is certain by now; what may be the beginning of a secret is kept back. */
  push(chunk: Uint8Array): Uint8Array;
  /** The rest. */
  end(): Uint8Array;
}

/**
 * The last net: replaces what it knows to be secret by its name, in whatever form it stands. Nothing relies on it: what
 * is short (below 6 bytes), cut or encoded in another way passes.
 */
export class Redactor {
  readonly #patterns: Patterns;

  constructor(secrets: Iterable<Secret>) {
    const names = new Map<string, string>();
    for (const secret of secrets)
      for (const form of formsOf(secret.reveal()))
        if (!names.has(form)) names.set(form, secret.name);
    this.#patterns = new Patterns(names);
  }

  redact(text: string): string {
    const bytes = Buffer.from(text).toString("latin1");
    const scan = new Scan(this.#patterns);
    const clean = scan.read(bytes, true);
    return scan.found ? Buffer.from(clean, "latin1").toString() : text;
  }

  open(): RedactedStream {
    const scan = new Scan(this.#patterns);
    const read = (chunk: Uint8Array, isLast: boolean): Uint8Array =>
      Buffer.from(scan.read(Buffer.from(chunk).toString("latin1"), isLast), "latin1");
    return {
      push: (chunk) => read(chunk, false),
      end: () => read(new Uint8Array(), true),
    };
  }

  async *stream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const stream = this.open();
    for await (const chunk of chunks) {
      const clean = stream.push(chunk);
      if (clean.length > 0) yield clean;
    }
    const rest = stream.end();
    if (rest.length > 0) yield rest;
  }
}

/** One reading, from the beginning to the end. Texts are bytes, a character each. */
class Scan {
  readonly #patterns: Patterns;
  #kept = "";
  /** How much of what is kept is known to be secret. */
  #hidden = 0;
  /** The name that was written last, if nothing was since. */
  #last: string | undefined;
  found = false;

  constructor(patterns: Patterns) {
    this.#patterns = patterns;
  }

  read(chunk: string, isLast: boolean): string {
    const text = this.#kept + chunk;
    const out: string[] = [];
    let until = this.#hidden;
    let at = 0;
    for (; at < text.length; at++) {
      if (!isLast && this.#patterns.mayGoOn(text, at)) break;
      const match = this.#patterns.longestAt(text, at);
      if (match === undefined || match.end <= until) continue;
      this.#copy(out, text.slice(until, at));
      if (match.name !== this.#last) out.push(utf8(`[secret ${match.name}]`));
      this.#last = match.name;
      this.found = true;
      until = match.end;
    }
    this.#copy(out, text.slice(until, at));
    this.#kept = text.slice(at);
    this.#hidden = Math.max(0, until - at);
    return out.join("");
  }

  #copy(out: string[], plain: string): void {
    if (plain === "") return;
    out.push(plain);
    this.#last = undefined;
  }
}

const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
