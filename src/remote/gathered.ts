import type { Duplex } from "node:stream";

/**
 * Sends together what is written to a stream in one turn of the event loop. ssh2 writes each packet in three parts, and
 * each would be a system call here, a segment on the network and a wake-up of the other side.
 */
export function gathered<Stream extends Duplex>(stream: Stream): Stream {
  const write = stream.write.bind(stream) as (...parameters: unknown[]) => boolean;
  const gathering = (...parameters: unknown[]): boolean => {
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }
    return write(...parameters);
  };
  return Object.assign(stream, { write: gathering });
}
