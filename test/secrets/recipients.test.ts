import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import * as fc from "fast-check";
import { parseRecipients } from "../../src/secrets/recipients.ts";

const x25519 = "age1yt3tfqlfrwdwx0z0ynwplcr6qxcxfaqycuprpmy89nr83ltx74tqdpszlw";
const ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBI1+Q+ntzANebtnicCiAY29uqLGWOaOGLEa8bUqOVmS";
const hybrid = await identityToRecipient(await generateHybridIdentity());

describe("recipients", () => {
  it("are read as age reads them, with who they are", () => {
    const text = `# ada\n${x25519}\n\n# for all: \r\n#bob\n\n${ssh} carol@desk 2\r\n`;
    assert.deepEqual(parseRecipients(text), {
      recipients: [
        { type: "x25519", text: x25519, comment: "ada", line: 2 },
        { type: "ssh-ed25519", text: ssh, comment: "carol@desk 2", line: 7 },
      ],
      findings: [],
    });
    const { recipients, findings } = parseRecipients(hybrid);
    assert.deepEqual(recipients, [{ type: "hybrid", text: hybrid, line: 1 }]);
    assert.deepEqual(findings, []);
  });

  const cases: readonly (readonly [what: string, line: string, code: string, said: RegExp])[] = [
    ["an RSA key", "ssh-rsa AAAAB3NzaC1yc2EAAA bob", "recipient-unsupported", /ssh-ed25519/],
    ["an ECDSA key", "ecdsa-sha2-nistp256 AAAAE2 bob", "recipient-unsupported", /another type/],
    ["a security key", "sk-ssh-ed25519@openssh.com AAAA", "recipient-unsupported", /another type/],
    ["a plugin's", "age1yubikey1qwe", "recipient-unsupported", /plugin/],
    ["somebody at a forge", "github:ada", "recipient-unsupported", /service/],
    ["a letter too few", x25519.slice(0, -1), "recipient-damaged", /checksum/],
    ["a letter mistyped", x25519.replace("yt3", "yt4"), "recipient-damaged", /checksum/],
    ["capitals", x25519.toUpperCase(), "recipient-damaged", /neither/],
    ["a name behind it", `${x25519} ada`, "recipient-damaged", /behind/],
    ["a blank behind it", `${x25519} `, "recipient-damaged", /blanks/],
    ["a blank before it", ` ${x25519}`, "recipient-damaged", /blanks/],
    ["a cut SSH key", ssh.slice(0, -4), "recipient-damaged", /incomplete/],
    ["an SSH key alone", "ssh-ed25519", "recipient-damaged", /incomplete/],
    ["something else", "hunter2", "recipient-damaged", /neither/],
  ];
  for (const [what, line, code, said] of cases) {
    it(`are not ${what}`, () => {
      const { recipients, findings } = parseRecipients(`# x\n${line}\n${ssh}`, "a/.age-recipients");
      assert.equal(recipients.length, 1);
      assert.deepEqual(
        findings.map(({ code, severity, where }) => ({ code, severity, where })),
        [{ code, severity: "error", where: { file: "a/.age-recipients", line: 2, col: 1 } }],
      );
      assert.match(findings[0]?.message ?? "", said);
    });
  }

  it("are no private keys, and such a key is not repeated", async () => {
    const pem =
      "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----";
    for (const key of [
      await generateX25519Identity(),
      (await generateX25519Identity()).toLowerCase(),
      await generateHybridIdentity(),
      `# mine\nage: ${await generateX25519Identity()}`,
      "AGE-PLUGIN-YUBIKEY-1QQQ",
      pem,
    ]) {
      const { recipients, findings } = parseRecipients(key);
      assert.deepEqual(recipients, []);
      assert.deepEqual(
        findings.map(({ code }) => code),
        ["recipient-is-identity"],
      );
      for (const word of key.match(/\S{8,}/g) ?? [])
        assert(!JSON.stringify(findings).includes(word), word);
    }
  });

  it("stand there once", () => {
    const { recipients, findings } = parseRecipients(`${ssh} ada\n${x25519}\n${ssh} bob`);
    assert.deepEqual(
      recipients.map(({ comment }) => comment),
      ["ada", undefined],
    );
    assert.deepEqual(
      findings.map(({ code, severity, where }) => [code, severity, where.line]),
      [["recipient-duplicate", "warning", 3]],
    );
  });

  it("are better not post-quantum and other ones together", () => {
    const { recipients, findings } = parseRecipients(`${hybrid}\n${x25519}`);
    assert.equal(recipients.length, 2);
    assert.deepEqual(
      findings.map(({ code, severity, where }) => [code, severity, where.line]),
      [["recipients-mixed", "warning", 2]],
    );
  });

  it("are at least one, and not too many", () => {
    for (const text of ["", "# nobody\n\n"])
      assert.deepEqual(
        parseRecipients(text).findings.map(({ code }) => code),
        ["recipients-none"],
      );
    const key = (n: number): string => {
      const wire = Buffer.from(ssh.split(" ")[1] ?? "", "base64");
      wire.writeUInt32BE(n, 20);
      return `ssh-ed25519 ${wire.toString("base64")}`;
    };
    const many = Array.from({ length: 257 }, (_, n) => key(n));
    const { recipients, findings } = parseRecipients(many.join("\n"));
    assert.equal(recipients.length, 256);
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["recipients-too-many"],
    );
    assert.deepEqual(parseRecipients(many.slice(1).join("\n")).findings, []);
    const huge = parseRecipients(`${ssh}\n`.repeat(20_000));
    assert.deepEqual(
      huge.findings.map(({ code }) => code),
      ["recipients-too-many"],
    );
  });

  it("are told apart from anything, without repeating it", () => {
    const line = fc.oneof(
      fc.string({ unit: "binary", minLength: 12 }),
      fc.string({ minLength: 12 }).map((text) => `AGE-SECRET-KEY-1${text}`),
      fc.string({ minLength: 12 }).map((text) => `age1${text}`),
      fc.string({ minLength: 12 }).map((text) => `ssh-ed25519 ${text}`),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const { recipients, findings } = parseRecipients(lines.join("\n"));
        assert.deepEqual(recipients, []);
        const said = JSON.stringify(findings);
        for (const text of lines) assert(!said.includes(JSON.stringify(text).slice(1, -1)));
      }),
    );
  });
});
