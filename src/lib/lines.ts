/** Lines of a stream, without their ends; a longer one comes in pieces of `maxBytes`. The last may lack its end. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = 1024 * 1024,
): AsyncGenerator<string> {
  let begun: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    for (;;) {
      const end = rest.subarray(0, maxBytes - bytes + 1).indexOf(10);
      if (end < 0 && bytes + rest.length <= maxBytes) break;
      const taken = rest.subarray(0, end < 0 ? maxBytes - bytes : end);
      yield textOf([...begun, taken]);
      rest = rest.subarray(taken.length + (end < 0 ? 0 : 1));
      begun = [];
      bytes = 0;
    }
    if (rest.length > 0) begun.push(rest);
    bytes += rest.length;
  }
  if (bytes > 0) yield textOf(begun);
}

/** A stream of JSON documents, one a line (pull progress, events). What is none is left out. */
export async function* jsonLinesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  for await (const line of linesOf(chunks)) {
    const value = parsedJson(line);
    if (value !== undefined) yield value;
  }
}

const textOf = (parts: readonly Uint8Array[]): string =>
  Buffer.concat(parts).toString().replace(/\r$/, "");

/** Undefined for what is no JSON. */
export function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
