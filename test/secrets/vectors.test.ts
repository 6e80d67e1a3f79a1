import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { inflateSync } from "node:zlib";
import * as vectors from "cctv-age";
import { fileLimit } from "../../src/secrets/limits.ts";
import { open } from "../../src/secrets/open.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { agePair, identitiesIn } from "../support/age.ts";

/** What the format's own test vectors expect, as we call it. */
const called: Readonly<Record<string, string>> = {
  success: "success",
  "no match": "not-a-recipient",
  "armor failure": "damaged",
  "header failure": "damaged",
  "HMAC failure": "damaged",
  "payload failure": "damaged",
};

interface Vector {
  readonly expect: string;
  readonly payload: string;
  readonly identities: readonly string[];
  readonly file: Buffer;
  readonly isArmored: boolean;
}

function readVector(bytes: Uint8Array): Vector {
  const whole = Buffer.from(bytes);
  const end = whole.indexOf("\n\n");
  const fields = whole
    .subarray(0, end)
    .toString()
    .split("\n")
    .map((line) => /^([^:]+): (.*)$/.exec(line)?.slice(1) ?? []);
  const all = (name: string): readonly string[] =>
    fields.flatMap(([key, value = ""]) => (key === name ? [value] : []));
  const body = whole.subarray(end + 2);
  return {
    expect: all("expect")[0] ?? "",
    payload: all("payload")[0] ?? "",
    identities: all("identity"),
    file: all("compressed")[0] === "zlib" ? inflateSync(body) : body,
    isArmored: all("armored")[0] === "yes",
  };
}

describe("the test vectors of age", () => {
  const all = Object.entries(vectors)
    .filter(([, bytes]) => bytes instanceof Uint8Array)
    .map(([name, bytes]) => [name, readVector(bytes)] as const);

  it("are all here", () => {
    assert.equal(all.length, 143);
    assert.equal(all.filter(([, { identities }]) => identities.length > 0).length, 116);
  });

  for (const [name, { expect, payload, identities, file, isArmored }] of all) {
    it(`${name}: ${expect}`, async () => {
      // Those without an identity are for a passphrase: nothing that is ours opens such a file.
      const isOurs = identities.length > 0;
      const ours = isOurs
        ? identitiesIn(await parseIdentities(identities.join("\n")))
        : (await agePair()).identities;
      const opened = await open(isArmored ? file.toString("latin1") : file, ours, fileLimit);
      if (!isOurs) {
        assert("failure" in opened);
        assert.match(opened.failure.reason, /^(damaged|not-a-recipient)$/);
        return;
      }
      assert.equal("failure" in opened ? opened.failure.reason : "success", called[expect]);
      if ("bytes" in opened)
        assert.equal(createHash("sha256").update(opened.bytes).digest("hex"), payload);
    });
  }
});
