import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { dearmored } from "../../src/secrets/armor.ts";
import { seal } from "../../src/secrets/seal.ts";
import { ageFolder, agePair, hybridPair, openedText, pairOf, type Pair } from "../support/age.ts";

const plain = "s3cr3t";
const refusals: readonly string[] = ["damaged", "not-a-recipient"];

describe("what was changed after it was encrypted", () => {
  const sorts: Readonly<Record<string, (t: TestContext) => Promise<Pair>>> = {
    "an age key": agePair,
    "an SSH key": async (t) => await pairOf(await (await ageFolder(t)).sshKey("key")),
  };
  for (const [sort, makePair] of Object.entries(sorts)) {
    it(`is refused, whichever bit it is, for ${sort}`, async (t) => {
      const { identities, recipients } = await makePair(t);
      const text = Buffer.from(await seal(plain, recipients));
      const raw = dearmored(text.toString()) ?? new Uint8Array();
      assert.equal(await openedText(raw, identities), plain);
      for (const whole of [raw, text])
        for (let at = 0; at < whole.length; at++)
          for (const bits of at % 16 === 0 ? [1, 2, 4, 8, 16, 32, 64, 128, 255] : [1, 32, 255]) {
            const bent = Uint8Array.from(whole);
            bent[at] = (bent[at] ?? 0) ^ bits;
            const got = await openedText(bent, identities);
            assert(refusals.includes(got), `byte ${at} with ${bits}: ${got}`);
          }
    });

    it(`is refused, wherever it was cut, for ${sort}`, async (t) => {
      const { identities, recipients } = await makePair(t);
      const text = await seal(plain, recipients);
      const raw = dearmored(text) ?? new Uint8Array();
      for (let end = 0; end < raw.length; end++)
        assert(refusals.includes(await openedText(raw.subarray(0, end), identities)), `${end}`);
      for (let end = 0; end < text.trimEnd().length; end++)
        assert(refusals.includes(await openedText(text.slice(0, end), identities)), `${end}`);
      for (let start = 1; start < raw.length; start++)
        assert(refusals.includes(await openedText(raw.subarray(start), identities)), `${start}`);
    });
  }

  it("is refused for post-quantum keys", async () => {
    const { identities, recipients } = await hybridPair();
    const raw = dearmored(await seal(plain, recipients)) ?? new Uint8Array();
    for (let at = 0; at < raw.length; at += 7) {
      const bent = Uint8Array.from(raw);
      bent[at] = (bent[at] ?? 0) ^ 1;
      assert(refusals.includes(await openedText(bent, identities)), `byte ${at}`);
      assert(refusals.includes(await openedText(raw.subarray(0, at), identities)), `cut at ${at}`);
    }
  });

  it("is refused in chunks: exchanged, left out, repeated", async () => {
    const { identities, recipients } = await agePair();
    const chunk = 64 * 1024 + 16;
    const sealed = await seal("ab".repeat(100_000), recipients);
    const raw = Buffer.from(dearmored(sealed) ?? []);
    const payload = raw.indexOf("\n--- ");
    const start = raw.indexOf("\n", payload + 1) + 1 + 16;
    const [head, ...chunks] = [0, 1, 2, 3, 4].map((n) =>
      n === 0
        ? raw.subarray(0, start)
        : raw.subarray(start + (n - 1) * chunk, n === 4 ? undefined : start + n * chunk),
    );
    assert(head !== undefined && chunks.length === 4);
    const [a, b, c, d] = chunks as [Buffer, Buffer, Buffer, Buffer];
    assert.equal((await openedText(Buffer.concat([head, a, b, c, d]), identities)).length, 200_000);
    for (const wrong of [
      [b, a, c, d],
      [a, c, d],
      [a, b, c],
      [a, b, b, c, d],
      [d],
      [],
      [a, b, c, d, d],
    ])
      assert.equal(await openedText(Buffer.concat([head, ...wrong]), identities), "damaged");
  });
});
