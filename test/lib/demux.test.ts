import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { demultiplex } from "../../src/lib/demux.ts";

const frame = (stream: number, data: Uint8Array): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
};

async function read(chunks: readonly Uint8Array[]): Promise<{ stdout: Buffer; stderr: Buffer }> {
  const pieces = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  for await (const { stream, data } of demultiplex(chunked(chunks))) pieces[stream].push(data);
  return { stdout: Buffer.concat(pieces.stdout), stderr: Buffer.concat(pieces.stderr) };
}

async function* chunked(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

test("streams come apart however the bytes were cut", async () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 50 })));
  await fc.assert(
    fc.asyncProperty(frames, fc.array(fc.integer({ min: 1, max: 20 })), async (sent, cuts) => {
      const whole = Buffer.concat(sent.map(([stream, data]) => frame(stream, data)));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) chunks.push(whole.subarray(at, (at += cut)));
      chunks.push(whole.subarray(at));
      const of = (stream: number): Buffer =>
        Buffer.concat(sent.filter(([s]) => s === stream).map(([, data]) => data));
      assert.deepEqual(await read(chunks), { stdout: of(1), stderr: of(2) });
    }),
  );
});

test("output without frames and cut frames are errors", async () => {
  await assert.rejects(read([Buffer.from("hello, plain world")]), /not multiplexed/);
  await assert.rejects(read([frame(1, Buffer.from("abc")).subarray(0, 10)]), /cut off/);
  await assert.rejects(read([frame(1, Buffer.from("abc")).subarray(0, 5)]), /cut off/);
});
