import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { armored, dearmored } from "../../src/secrets/armor.ts";
import { headerLimit } from "../../src/secrets/limits.ts";
import { open } from "../../src/secrets/open.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { seal } from "../../src/secrets/seal.ts";
import { agePair, hybridPair, told } from "../support/age.ts";

const [age, hybrid] = [await agePair(), await hybridPair()];
const identities = age.identities.and(hybrid.identities);
const first = "-----BEGIN AGE ENCRYPTED FILE-----";
const last = "-----END AGE ENCRYPTED FILE-----";
const intro = "age-encryption.org/v1\n";
const mac = `--- ${"A".repeat(43)}\n`;

/** Stays closed with one of the reasons there are; says how long that took the processor. */
async function refused(file: string | Uint8Array): Promise<number> {
  const before = process.cpuUsage();
  const reason = told(await open(file, identities));
  assert.match(reason, /^(damaged|not-a-recipient|too-large)$/);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe("opening what somebody made up", () => {
  const cases: Readonly<Record<string, string | Uint8Array>> = {
    nothing: "",
    "no bytes": new Uint8Array(),
    "NUL bytes": new Uint8Array(100_000),
    "the first line alone": first,
    "the first line a million times": `${first}\n`.repeat(100_000),
    "the last line before the first": `${last}\n${first}\n`,
    "armored nothing": `${first}\n${last}\n`,
    "armored NULs": `${first}\n${"\0".repeat(64)}\n${last}\n`,
    "armored text": `${first}\nhello\n${last}\n`,
    "armored base64 of any bytes": armored(Buffer.alloc(500_000, 0xa7)),
    "armored base64 in one giant line": `${first}\n${"A".repeat(2_000_000)}\n${last}\n`,
    "a million short lines": `${first}\n${"A\n".repeat(1_000_000)}${last}\n`,
    "a million blanks": `${" ".repeat(1_000_000)}${first}\n${" ".repeat(1_000_000)}`,
    "CR LF in its header": Buffer.from(
      `${intro}-> X25519 a\r\n\r\n${mac}`.replaceAll("\n", "\r\n"),
    ),
    "an intro alone": Buffer.from(intro),
    "a header without recipients": Buffer.from(`${intro}${mac}`),
    "a giant line in its header": Buffer.from(`${intro}-> ${"A".repeat(2_000_000)}\n${mac}`),
    "a giant recipient": Buffer.from(`${intro}-> X25519 ${"A ".repeat(200_000)}\nAAAA\n${mac}`),
    "a giant body": Buffer.from(
      `${intro}-> X25519 AA\n${`${"A".repeat(64)}\n`.repeat(7_000)}\n${mac}`,
    ),
    "a header without end": Buffer.from(
      `${intro}-> X25519 AA\n${`${"A".repeat(64)}\n`.repeat(30_000)}`,
    ),
    "a million lines in its header": Buffer.from(`${intro}${"\n".repeat(1_000_000)}${mac}`),
    "a giant MAC": Buffer.from(`${intro}-> X25519 AA\nAA\n--- ${"A".repeat(400_000)}\n`),
    "another version": Buffer.from(intro.replace("v1", "v2")),
  };
  for (const [what, file] of Object.entries(cases)) {
    it(`refuses ${what}`, async () => {
      const ms = await refused(file);
      assert(ms < 5_000, `took ${ms} ms`);
    });
  }

  const share = Buffer.alloc(32, 9).toString("base64").slice(0, 43);
  const point = Buffer.alloc(1120, 9).toString("base64").replace(/=+$/, "");
  const body = Buffer.alloc(32).toString("base64").slice(0, 43);
  const stanzas = {
    X25519: `-> X25519 ${share}\n${body}\n`,
    "post-quantum": `-> mlkem768x25519 ${point}\n${body}\n`,
    unknown: `-> what ${share}\n${body}\n`,
  };
  for (const [sort, stanza] of Object.entries(stanzas)) {
    it(`does not work through thousands of ${sort} recipients`, async () => {
      const some = await refused(Buffer.from(intro + stanza.repeat(256) + mac + "x".repeat(32)));
      assert(some < 10_000, `took ${some} ms`);
      const many = Buffer.from(intro + stanza.repeat(257) + mac + "x".repeat(32));
      assert.equal(told(await open(many, identities)), "too-large");
      const endless = Buffer.from(intro + stanza.repeat(Math.ceil(headerLimit / stanza.length)));
      assert.equal(told(await open(endless, identities)), "too-large");
    });
  }

  it("never accepts, breaks or hangs on anything", async () => {
    const sealed = await seal("x".repeat(200), [...age.recipients, ...hybrid.recipients]);
    const raw = dearmored(sealed) ?? new Uint8Array();
    const bent = fc
      .tuple(fc.nat(raw.length), fc.nat(64), fc.uint8Array({ maxLength: 64 }))
      .map(([at, out, put]) => Buffer.concat([raw.subarray(0, at), put, raw.subarray(at + out)]))
      .filter((bytes) => !bytes.equals(raw));
    const line = fc.oneof(
      fc.constantFrom("-> X25519", "-> mlkem768x25519 a", "-> scrypt a 1", "---", "->", "", " "),
      fc.base64String(),
      fc.string({ unit: "binary" }),
    );
    const headers = fc.array(line).map((lines) => Buffer.from(intro + lines.join("\n")));
    const any = fc.oneof(
      fc.uint8Array(),
      fc.string({ unit: "binary" }),
      bent,
      headers,
      fc.oneof(bent, headers).map((bytes) => armored(bytes)),
      fc.array(line).map((lines) => [first, ...lines, last].join("\n")),
    );
    await fc.assert(
      fc.asyncProperty(any, async (file) => void (await refused(file))),
      { numRuns: 1_000 },
    );
  });

  it("reads no identities from it either", async () => {
    const any = fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" }), fc.base64String());
    await fc.assert(
      fc.asyncProperty(
        any,
        fc.constantFrom("", intro, `${first}\n`, "-----BEGIN X"),
        async (file, start) => {
          const bytes = Buffer.concat([Buffer.from(start), Buffer.from(file as string)]);
          assert("failure" in (await parseIdentities(bytes, { passphrase: "x" })));
        },
      ),
    );
  });
});

describe("armor", () => {
  it("comes back the same", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        assert.deepEqual(Buffer.from(dearmored(armored(bytes)) ?? []), Buffer.from(bytes));
      }),
    );
  });
});
