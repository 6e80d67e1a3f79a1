import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Encrypter } from "age-encryption";
import { armored } from "../../src/secrets/armor.ts";
import { fileLimit, valueLimit } from "../../src/secrets/limits.ts";
import { open } from "../../src/secrets/open.ts";
import { PlaintextCache } from "../../src/secrets/plaintext-cache.ts";
import { seal } from "../../src/secrets/seal.ts";
import { ageFolder, agePair, hybridPair, openedText, pairOf, told } from "../support/age.ts";

describe("opening", () => {
  it("gives what was sealed: to post-quantum keys, alone and beside others", async () => {
    const [hybrid, age] = [await hybridPair(), await agePair()];
    for (const recipients of [hybrid.recipients, [...age.recipients, ...hybrid.recipients]]) {
      const sealed = await seal("gr\u00fc\u00dfe", recipients);
      assert.match(sealed, /^-----BEGIN AGE ENCRYPTED FILE-----\n/);
      assert.equal(await openedText(sealed, hybrid.identities), "gr\u00fc\u00dfe");
      assert.equal(await openedText(Buffer.from(sealed), hybrid.identities), "gr\u00fc\u00dfe");
    }
  });

  it("says of what is for others for whom it is", async (t) => {
    const [ours, other, hybrid] = [await agePair(), await agePair(), await hybridPair()];
    const folder = await ageFolder(t);
    const ssh = await pairOf(await folder.sshKey("a"));
    const scrypt = new Encrypter();
    scrypt.setPassphrase("x");
    scrypt.setScryptWorkFactor(2);
    const cases: readonly (readonly [sealed: string, said: RegExp])[] = [
      [await seal("x", other.recipients), /encrypted to 1 age key, and to none of ours?/],
      [await seal("x", [...other.recipients, ...(await agePair()).recipients]), /2 age keys/],
      [await seal("x", hybrid.recipients), /1 post-quantum age key/],
      [await seal("x", ssh.recipients), /1 SSH key/],
      [armored(await scrypt.encrypt("x")), /1 passphrase/],
    ];
    for (const [sealed, said] of cases) {
      const opened = await open(sealed, ours.identities);
      assert.equal(told(opened), "not-a-recipient");
      assert.match("failure" in opened ? opened.failure.text : "", said);
    }
    const others = await pairOf(await folder.sshKey("b"));
    const forA = await seal("x", ssh.recipients);
    assert.equal(await openedText(forA, others.identities), "not-a-recipient");
  });

  it("knows a damaged part for our SSH key from a part for others", async (t) => {
    const folder = await ageFolder(t);
    const { identities, recipients } = await pairOf(await folder.sshKey("a"));
    const raw = Buffer.from(
      (await seal("x", recipients)).split("\n").slice(1, -2).join(""),
      "base64",
    );
    const header = raw.toString("latin1");
    const bend = (from: RegExp, to: string): Buffer =>
      Buffer.from(header.replace(from, to), "latin1");
    assert.equal(await openedText(raw, identities), "x");
    assert.equal(
      await openedText(bend(/(-> ssh-ed25519 \S+ )\S{5}/, "$1AAAAA"), identities),
      "damaged",
    );
    assert.equal(
      await openedText(bend(/(-> ssh-ed25519 \S+ \S+\n)\S{5}/, "$1AAAAA"), identities),
      "damaged",
    );
    assert.equal(
      await openedText(bend(/-> ssh-ed25519 \S{5}/, "-> ssh-ed25519 AAAAA"), identities),
      "not-a-recipient",
    );
  });

  it("takes a value of a MiB, and a file of twenty, and no more", async () => {
    const { identities, recipients } = await agePair();
    const sealedOf = async (size: number): Promise<string> =>
      await seal(new Uint8Array(size), recipients);
    const most = await open(await sealedOf(valueLimit), identities);
    assert("bytes" in most && most.bytes.length === valueLimit);
    const over = await sealedOf(valueLimit + 1);
    assert.equal(told(await open(over, identities)), "too-large");
    assert("bytes" in (await open(over, identities, fileLimit)));
    const file = await open(await sealedOf(fileLimit), identities, fileLimit);
    assert("bytes" in file && file.bytes.length === fileLimit);
    await assert.rejects(sealedOf(fileLimit + 1), /more than/);
    assert.equal(told(await open("A".repeat(10_000_000), identities)), "too-large");
    assert.equal(told(await open(new Uint8Array(10_000_000), identities)), "too-large");
  });

  it("needs somebody to seal to", async () => {
    await assert.rejects(seal("x", []), /nobody/);
  });
});

describe("the cache of what was opened", () => {
  it("opens what has the same id once", async () => {
    const { identities, recipients } = await agePair();
    const cache = new PlaintextCache();
    const sealed = await seal("one", recipients);
    assert.equal(told(await cache.open("blob KEY", sealed, identities)), "one");
    assert.equal(told(await cache.open("blob KEY", "not even age", identities)), "one");
    assert.equal(told(await cache.open("blob OTHER", "not even age", identities)), "damaged");
    assert.equal(told(await cache.open("blob OTHER", sealed, identities)), "one");
  });

  it("keeps a bounded amount, the last used longest", async () => {
    const { identities, recipients } = await agePair();
    const cache = new PlaintextCache(30);
    const sealed = await seal("0123456789", recipients);
    for (const id of ["a", "b", "a", "c"]) await cache.open(id, sealed, identities);
    const kept = async (id: string): Promise<boolean> =>
      "bytes" in (await cache.open(id, "", identities));
    assert.deepEqual([await kept("a"), await kept("b"), await kept("c")], [true, false, true]);
    await cache.open("large", await seal("x".repeat(40), recipients), identities);
    assert.equal(await kept("large"), false);
  });
});
