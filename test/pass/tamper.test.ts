import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { createParseCache } from "../../src/load/load.ts";
import { formatDiagnostic } from "../../src/model/diagnostic.ts";
import { readRevision } from "../../src/pass/revision.ts";
import type { World } from "../../src/pass/world.ts";
import { dearmored } from "../../src/secrets/armor.ts";
import { Opener } from "../../src/secrets/opener.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { repo } from "../load/repos.ts";
import { snapshotOf } from "../support/repo.ts";
import { sealing } from "../support/sealed.ts";

const value = "canary-of-the-repo";

/** A secret as it stands in the repo, and the bytes of its file that are ciphertext. */
interface Stored {
  readonly path: string;
  readonly app: string;
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

describe("a revision whose ciphertext was changed", async () => {
  const key = await sealing();
  const armored = (await key.value(value)).trimEnd();
  const yaml = await key.file({ PASSWORD: value });
  const raw = dearmored(armored) ?? new Uint8Array();
  const whole = (bytes: Uint8Array): Stored => ({
    path: "secrets/shop.key.age",
    app: "image: shop:1\nfiles: { /key: { secret: shop.key.age } }\n",
    bytes,
    from: 0,
    to: bytes.length,
  });
  const stored: Readonly<Record<string, Stored>> = {
    "a file": whole(raw),
    "an armored file": whole(Buffer.from(armored)),
    "a value": {
      path: "secrets/shop.yaml",
      app: "image: shop:1\nsecrets: [PASSWORD]\n",
      bytes: Buffer.from(yaml),
      from: yaml.indexOf("-----BEGIN"),
      to: yaml.trimEnd().length,
    },
  };

  const read = async ({ path, app }: Stored, bytes: Uint8Array) => {
    const snapshot = snapshotOf(repo({ "apps/shop.yaml": app, [path]: bytes }));
    const secrets = new Opener(async () => {
      const parsed = await parseIdentities(key.identity);
      assert.ok("identities" in parsed);
      return parsed.identities;
    });
    const commit = { message: "Rotate" };
    const world: Partial<World> = {
      source: {
        snapshot: () => Promise.resolve(snapshot),
        commit: () => Promise.resolve(commit),
      } as unknown as World["source"],
      parseCache: createParseCache(),
      listener: () => undefined,
      secrets,
    };
    return await readRevision(world as World);
  };

  for (const [what, file] of Object.entries(stored))
    test(`is refused, with the place of ${what}, and without a word of it`, async () => {
      assert.ok((await read(file, file.bytes)).documents, "it is whole");
      const position = fc.integer({ min: file.from, max: file.to - 1 });
      const bits = fc.integer({ min: 1, max: 255 });
      await fc.assert(
        fc.asyncProperty(position, bits, async (at, bit) => {
          const bent = Uint8Array.from(file.bytes);
          bent[at] = (bent[at] ?? 0) ^ bit;
          const { documents, findings } = await read(file, bent);
          const told = findings.map(formatDiagnostic).join("\n");
          assert.equal(documents, undefined, `byte ${at} with ${bit} was not minded`);
          assert.ok(
            findings.some(
              ({ where, severity }) => severity === "error" && where.file === file.path,
            ),
            told,
          );
          assert.doesNotMatch(told, /canary/);
        }),
        { numRuns: 25 },
      );
    });
});
