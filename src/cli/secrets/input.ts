import type { Context } from "../command.ts";
import { Stopped } from "../../lib/stopped.ts";
import { UserError } from "../trouble.ts";

export interface GivenValue {
  readonly bytes: Uint8Array;
  /** Whether a line end at its end was left out. */
  readonly isTrimmed: boolean;
}

export interface InputWish {
  /** For the question. */
  readonly name: string;
  readonly limit: number;
  /** Every byte counts, also a line end at the end. */
  readonly isRaw: boolean;
  /** Nothing is a value, too. */
  readonly mayBeEmpty: boolean;
}

/** A value from stdin, or typed twice and unseen on a terminal. Throws UserError; Stopped where typing was broken off. */
export async function readValue(context: Context, wish: InputWish): Promise<GivenValue> {
  const { io } = context;
  const given = io.input.isTerminal
    ? { bytes: await typed(context, wish.name), isTrimmed: false }
    : trimmed(await piped(context, wish), wish.isRaw);
  if (given.bytes.length === 0 && !wish.mayBeEmpty)
    throw new UserError(
      "refused",
      `nothing came in for ${wish.name}`,
      "Nothing was written. If the value is to be empty, say so: --allow-empty",
    );
  return given;
}

async function typed({ io }: Context, name: string): Promise<Uint8Array> {
  const first = await io.askHidden(`Value of ${name} (not shown): `);
  if (first === undefined) throw new Stopped("stopped: nothing was written");
  const second = await io.askHidden("Once more: ");
  if (second === undefined) throw new Stopped("stopped: nothing was written");
  if (first !== second)
    throw new UserError(
      "refused",
      "the two are not the same",
      "Nothing was written. Do it again; a value of several lines is piped in, or set by 'slipway secrets edit'.",
    );
  return Buffer.from(first);
}

async function piped({ io }: Context, { name, limit }: InputWish): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // A line end too many does not count.
  for await (const chunk of io.input.chunks) {
    size += chunk.length;
    if (size > limit + 2)
      throw new UserError(
        "refused",
        `${name} would be larger than ${limit} bytes, which is the most`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function trimmed(bytes: Uint8Array, isRaw: boolean): GivenValue {
  const end = isRaw
    ? 0
    : (/\r?\n$/.exec(Buffer.from(bytes.subarray(-2)).toString("latin1"))?.[0] ?? "").length;
  return { bytes: bytes.subarray(0, bytes.length - end), isTrimmed: end > 0 };
}
