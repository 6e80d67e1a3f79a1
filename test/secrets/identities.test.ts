import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { Encrypter, generateHybridIdentity, generateX25519Identity } from "age-encryption";
import * as fc from "fast-check";
import { readOpenSshKey } from "../../src/remote/openssh-key.ts";
import { armored } from "../../src/secrets/armor.ts";
import { parseIdentities, type IdentityFailure } from "../../src/secrets/parse-identities.ts";
import { seal } from "../../src/secrets/seal.ts";
import {
  ageFolder,
  agePair,
  hybridPair,
  identitiesIn,
  identityFailure,
  openedText,
  recipientsIn,
} from "../support/age.ts";

const x25519 = await generateX25519Identity();
const hybrid = await generateHybridIdentity();

/** As `age -p` makes it, but cheaper to open. */
async function protectedFile(content: string, passphrase: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(4);
  return await encrypter.encrypt(content);
}

describe("a file of identities", () => {
  it("may have several, of any sort", async () => {
    const file = `# created: today\n\n${x25519}\r\n  ${hybrid}\n`;
    const identities = identitiesIn(await parseIdentities(file));
    const [first = "", second = ""] = identities.recipients;
    assert.match(first, /^age1(?!pq)/);
    assert.match(second, /^age1pq1/);
    for (const recipient of [first, second]) {
      const sealed = await seal("hello", recipientsIn(recipient));
      assert.equal(await openedText(sealed, identities), "hello");
    }
  });

  it("may be encrypted with a passphrase, armored or not", async () => {
    const raw = await protectedFile(`${x25519}\n`, "correct horse");
    for (const file of [raw, armored(raw), Buffer.from(armored(raw))]) {
      const options = { passphrase: "correct horse" };
      assert.equal(identitiesIn(await parseIdentities(file, options)).recipients.length, 1);
      assert.equal(identityFailure(await parseIdentities(file)).reason, "passphrase-needed");
      const wrong = await parseIdentities(file, { passphrase: "wrong horse" });
      assert.equal(identityFailure(wrong).reason, "passphrase-wrong");
    }
    const cut = await parseIdentities(raw.subarray(0, -1), { passphrase: "correct horse" });
    assert.equal(identityFailure(cut).reason, "damaged");
  });

  it("may be an SSH key, with a passphrase or without", async (t) => {
    const folder = await ageFolder(t);
    const read = { readSshKey: readOpenSshKey };
    const plain = await folder.sshKey("plain");
    const locked = await folder.sshKey("locked", "correct horse");
    const open = identitiesIn(await parseIdentities(plain, read));
    assert.equal(`${open.recipients[0]} plain\n`, (await folder.read("plain.pub")).toString());
    const opened = await parseIdentities(locked, { ...read, passphrase: "correct horse" });
    assert.equal(identitiesIn(opened).recipients.length, 1);
    assert.equal(identityFailure(await parseIdentities(locked, read)).reason, "passphrase-needed");
    const wrong = await parseIdentities(locked, { ...read, passphrase: "wrong horse" });
    assert.equal(identityFailure(wrong).reason, "passphrase-wrong");
    const cut = await parseIdentities(plain.replace(/.{20}\n-----END/, "\n-----END"), read);
    assert.equal(identityFailure(cut).reason, "damaged");
    assert.equal(identityFailure(await parseIdentities(plain)).reason, "unsupported");
    await folder.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "rsa"]);
    const rsa = await parseIdentities(await folder.read("rsa"), read);
    assert.equal(identityFailure(rsa).reason, "unsupported");
  });

  it("can be put together with others", async () => {
    const [one, other] = [await agePair(), await hybridPair()];
    const both = one.identities.and(other.identities);
    for (const { recipients } of [one, other])
      assert.equal(await openedText(await seal("x", recipients), both), "x");
    assert.equal(
      await openedText(await seal("x", other.recipients), one.identities),
      "not-a-recipient",
    );
  });

  const cases: readonly (readonly [
    what: string,
    file: string | Uint8Array,
    reason: IdentityFailure["reason"],
    said: RegExp,
  ])[] = [
    ["nothing", "", "damaged", /no identity in the file/],
    ["comments alone", "# public key: age1\n", "damaged", /no identity in the file/],
    ["a recipient", `${x25519}\nage1qwe`, "damaged", /line 2: a recipient/],
    ["a public SSH key", "ssh-ed25519 AAAA", "damaged", /line 1: a recipient/],
    ["a plugin's", "AGE-PLUGIN-YUBIKEY-1QQQ", "unsupported", /plugins/],
    ["one with a letter missing", x25519.slice(0, -1), "damaged", /line 1: .*checksum/],
    [
      "one with letters swapped",
      `# a\n${x25519.slice(0, 40)}QQQQQQ${x25519.slice(46)}`,
      "damaged",
      /line 2: .*checksum/,
    ],
    ["a hybrid one that is cut", hybrid.slice(0, -8), "damaged", /checksum/],
    ["something else", "hunter2", "damaged", /no identity of age/],
    ["bytes", Buffer.of(0xff, 0xfe, 0), "damaged", /no text/],
    [
      "a PKCS #8 key",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
      "unsupported",
      /format/,
    ],
    ["too much", "#".repeat(2 ** 20 + 1), "damaged", /too large/],
    ["too many", `${x25519}\n`.repeat(257), "damaged", /more than 256/],
  ];
  for (const [what, file, reason, said] of cases) {
    it(`is not ${what}`, async () => {
      const failure = identityFailure(await parseIdentities(file, { readSshKey: readOpenSshKey }));
      assert.equal(failure.reason, reason);
      assert.match(failure.text, said);
    });
  }

  it("encrypted to a key is not read", async () => {
    const { recipients } = await agePair();
    const sealed = await seal(x25519, recipients);
    assert.equal(identityFailure(await parseIdentities(sealed)).reason, "unsupported");
  });

  it("that asks for more work than is sane is not opened", async () => {
    const raw = Buffer.from(await protectedFile(x25519, "a"));
    const costly = Buffer.from(
      raw.toString("latin1").replace(/(-> scrypt \S+) 4/, "$1 30"),
      "latin1",
    );
    const failure = identityFailure(await parseIdentities(costly, { passphrase: "a" }));
    assert.equal(failure.reason, "damaged");
  });

  it("is never repeated in what is said of it", async () => {
    const spoil = fc.tuple(
      fc.constantFrom(x25519, hybrid),
      fc.nat(200),
      fc.string({ maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(spoil, async ([key, at, put]) => {
        const line = key.slice(0, at) + put + key.slice(at + put.length);
        const parsed = await parseIdentities(line);
        const said =
          inspect(parsed, { depth: Infinity, showHidden: true }) + JSON.stringify(parsed);
        for (let i = 20; i + 12 < line.length; i += 6)
          assert(!said.includes(line.slice(i, i + 12)), said);
      }),
    );
  });
});
