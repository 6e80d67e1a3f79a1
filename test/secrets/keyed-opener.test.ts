import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generateX25519Identity } from "age-encryption";
import type { SealedValue } from "../../src/model/sealed.ts";
import { Secret } from "../../src/model/secret.ts";
import { readOpenSshKey } from "../../src/remote/openssh-key.ts";
import { keyedOpener, UnusableAgeKey } from "../../src/secrets/keyed-opener.ts";
import { seal } from "../../src/secrets/seal.ts";
import { ageFolder, pairOf } from "../support/age.ts";

const noBlobs = () => Promise.reject(new Error("no blob may be read"));

describe("an opener with keys from files", () => {
  it("opens what is for any of them", async () => {
    const keys = [await generateX25519Identity(), await generateX25519Identity()];
    const files = keys.map((key, i) => ({ source: `key${i}`, bytes: Buffer.from(`${key}\n`) }));
    const opener = keyedOpener(() => Promise.resolve(files), readOpenSshKey);
    assert(await opener.prepare("acme"));
    for (const key of keys) {
      const text = await seal(key.slice(-8), (await pairOf(key)).recipients);
      const where = { file: "secrets/shop.yaml", line: 1, col: 1 };
      const value: SealedValue = {
        name: "shop.A",
        id: key,
        where,
        source: { form: "armor", text },
      };
      const opened = await opener.open("acme", value, noBlobs);
      assert(opened instanceof Secret);
      assert.equal(opened.revealText(), key.slice(-8));
    }
  });

  it("is none without a file, and says which cannot be used", async (t) => {
    assert.equal(
      await keyedOpener(() => Promise.resolve([]), readOpenSshKey).prepare("acme"),
      false,
    );
    const folder = await ageFolder(t);
    await folder.sshKey("locked", "sesame");
    const bytes = await folder.read("locked");
    const opener = (passphrase?: string) =>
      keyedOpener(
        () =>
          Promise.resolve([
            { source: "locked", bytes, ...(passphrase === undefined ? {} : { passphrase }) },
          ]),
        readOpenSshKey,
      );
    assert(await opener("sesame").prepare("acme"));
    await assert.rejects(
      opener().prepare("acme"),
      (error) =>
        error instanceof UnusableAgeKey &&
        /the age key locked cannot be used: .*; give its passphrase in SLIPWAY_AGE_PASSPHRASE/.test(
          error.message,
        ),
    );
  });
});
