import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { gathered } from "../../src/remote/gathered.ts";

/** Remembers what reached the other side at once. */
class Wire extends Duplex {
  readonly sent: string[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.sent.push(chunk.toString());
    done();
  }
  override _writev(parts: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.sent.push(Buffer.concat(parts.map(({ chunk }) => chunk)).toString());
    done();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("what is written in one turn goes together, in its order, and each is told that it was sent", async () => {
  const wire = gathered(new Wire());
  const told: string[] = [];
  for (const part of ["a", "b", "c"]) wire.write(part, () => void told.push(part));
  assert.deepEqual(wire.sent, []);
  await turn();
  assert.deepEqual([wire.sent, told], [["abc"], ["a", "b", "c"]]);
  wire.write("d");
  await turn();
  assert.deepEqual(wire.sent, ["abc", "d"]);
});

test("the end of a stream does not lose what was written before it in the same turn", async () => {
  const wire = gathered(new Wire());
  wire.write("a");
  wire.end("b");
  await turn();
  assert.deepEqual([wire.sent.join(""), wire.writableFinished], ["ab", true]);
});

test("a stream that is destroyed meanwhile sends nothing more", async () => {
  const wire = gathered(new Wire());
  wire.write("a", () => undefined);
  wire.destroy();
  await turn();
  assert.deepEqual(wire.sent, []);
});
