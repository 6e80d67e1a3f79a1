/** A piece of a container's output. Pieces of one stream are in order; a frame may come in several. */
export interface OutputPiece {
  readonly stream: "stdout" | "stderr";
  readonly data: Uint8Array;
}

const headerBytes = 8;

/**
 * Takes apart what the engine multiplexes for containers without a terminal: frames with an 8-byte header (stream,
 * three zeros, length). Throws an Error for what is none of it. Holds no more than a header back.
 */
export async function* demultiplex(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<OutputPiece> {
  let header = Buffer.alloc(0);
  let left = 0;
  let stream: OutputPiece["stream"] = "stdout";
  for await (const chunk of chunks) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0) {
      if (left === 0) {
        const wanted = headerBytes - header.length;
        header = Buffer.concat([header, rest.subarray(0, wanted)]);
        rest = rest.subarray(wanted);
        if (header.length < headerBytes) break;
        stream = streamOf(header);
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const data = rest.subarray(0, left);
      rest = rest.subarray(data.length);
      left -= data.length;
      yield { stream, data };
    }
  }
  if (left > 0 || header.length > 0)
    throw new Error("the output was cut off in the middle of a frame");
}

function streamOf(header: Buffer): OutputPiece["stream"] {
  const [kind = 255, a, b, c] = header;
  if (kind > 2 || a !== 0 || b !== 0 || c !== 0) throw new Error("the output is not multiplexed");
  return kind === 2 ? "stderr" : "stdout";
}
