import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";

/** A channel that the machine would not open: its reason by RFC 4254 (1 prohibited, 2 connect failed) and text. */
export class ChannelRefused extends Error {
  override readonly name = "ChannelRefused";
  readonly reason: number | undefined;
  constructor(cause: Error) {
    super(cause.message.replace(/^\(SSH\) Channel open failure: /, ""), { cause });
    this.reason = "reason" in cause && typeof cause.reason === "number" ? cause.reason : undefined;
  }
}

export type OpenChannel = (
  opened: (error: Error | undefined, channel: ClientChannel) => void,
) => unknown;

/** A command's channel. Its exit may be known before whoever opened it has heard that it is open. */
export interface CommandChannel {
  readonly channel: ClientChannel;
  readonly exit: { readonly code: number | null; readonly signal?: string } | undefined;
}

/** To be called at once when the channel opens: all of a short command may come in one packet. */
export function watchExit(channel: ClientChannel): CommandChannel {
  let exit: CommandChannel["exit"];
  channel.once("exit", (code: number | null, signal?: string) => {
    exit = { code, ...(signal === undefined ? {} : { signal }) };
  });
  return {
    channel,
    get exit() {
      return exit;
    },
  };
}

export interface Opening {
  readonly start: OpenChannel;
  readonly signal: AbortSignal;
  /** Called once when no channel is left: it was refused, or has been closed by both sides. */
  readonly closed: () => void;
}

/** Rejects with the signal's reason, or ChannelRefused. A channel that opens too late is closed again. */
export function openChannel({ start, signal, closed }: Opening): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    const refuse = (error: Error): void => {
      signal.removeEventListener("abort", giveUp);
      closed();
      reject(signal.aborted ? (signal.reason as Error) : new ChannelRefused(error));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) return refuse(signal.reason as Error);
    try {
      start((error, channel) => {
        if (error) return refuse(error);
        signal.removeEventListener("abort", giveUp);
        channel.on("error", () => undefined);
        channel.once("close", closed);
        if (signal.aborted) return discard(channel);
        resolve(channel);
      });
    } catch (error) {
      refuse(error as Error);
    }
  });
}

/** Closes a channel whose output nobody reads any more; its `close` event still comes. */
export function discard(channel: ClientChannel): void {
  for (const output of [channel, channel.stderr])
    output.unpipe().removeAllListeners("data").resume();
  channel.close();
}

/**
 * A channel as a stream that ends at once when it is destroyed (ssh2's own waits for the other side), with the
 * methods of a socket that node:http and ssh2 call.
 */
export class ChannelSocket extends Duplex {
  readonly #channel: ClientChannel;
  readonly #gone: AbortSignal;
  #ended = false;

  constructor(channel: ClientChannel, gone: AbortSignal) {
    super({ allowHalfOpen: true });
    this.#channel = channel;
    this.#gone = gone;
    // The connection's end must not end the process, whoever listens.
    this.on("error", () => undefined);
    channel.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.once("end", () => this.#end());
    channel.once("close", () => this.#closed());
    channel.stderr.resume();
    gone.addEventListener("abort", this.#lost, { once: true });
    if (gone.aborted) this.#lost();
  }

  readonly #lost = (): void => {
    this.destroy(this.#gone.reason as Error);
  };

  #end(): void {
    if (!this.#ended) this.push(null);
    this.#ended = true;
  }

  #closed(): void {
    this.#end();
    this.end();
    // What has arrived is still to be read.
    if (this.readableEnded) this.destroy();
    else this.once("end", () => this.destroy());
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#channel.write(chunk, done);
  }

  /** What was written together goes in as few packets. */
  override _writev(
    parts: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#channel.write(Buffer.concat(parts.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#gone.removeEventListener("abort", this.#lost);
    discard(this.#channel);
    done(error);
  }

  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}
