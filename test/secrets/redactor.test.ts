import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { Secret } from "../../src/model/secret.ts";
import { Redactor } from "../../src/secrets/redactor.ts";
import { all } from "../support/remote.ts";

const value = `p&ss'w\u00f6rd/"x"+<1> $HOME\\!`;
const one = new Redactor([new Secret("shop.DB_PASSWORD", value)]);
const token = "[secret shop.DB_PASSWORD]";

describe("the redactor", () => {
  const bytes = Buffer.from(value);
  const forms: Readonly<Record<string, string>> = {
    "as it is": value,
    "in a URL": encodeURIComponent(value),
    "in a URL, in small letters": encodeURIComponent(value).replace(/%../g, (c) => c.toLowerCase()),
    "in a form": new URLSearchParams({ a: value }).toString().slice(2),
    "in a URL's path": encodeURI(value),
    "in a URL as Go has it (QueryEscape)": "p%26ss%27w%C3%B6rd%2F%22x%22%2B%3C1%3E+%24HOME%5C%21",
    "in a URL's login as Go has it": "p&ss%27w%C3%B6rd%2F%22x%22+%3C1%3E%20$HOME%5C%21",
    "in JSON": JSON.stringify(value).slice(1, -1),
    "in JSON as Go has it": String.raw`p\u0026ss'wörd/\"x\"+\u003c1\u003e $HOME\\!`,
    "in JSON as Python has it": String.raw`p&ss'w\u00f6rd/\"x\"+<1> $HOME\\!`,
    "in JSON as PHP has it": String.raw`p&ss'w\u00f6rd\/\"x\"+<1> $HOME\\!`,
    "in JSON in JSON": JSON.stringify(JSON.stringify(value)).slice(3, -3),
    "in a shell's single quotes": value.replaceAll("'", String.raw`'\''`),
    "in a shell's double quotes": value.replace(/["\\$`]/g, String.raw`\$&`),
    "in YAML's single quotes": value.replaceAll("'", "''"),
    "as Node prints it": inspect([value]).slice(3, -3),
    "in HTML": "p&amp;ss&#39;w\u00f6rd/&quot;x&quot;+&lt;1&gt; $HOME\\!",
    "in hex": bytes.toString("hex"),
    "in capital hex": bytes.toString("hex").toUpperCase(),
    "in base64": bytes.toString("base64").replace(/=+$/, ""),
    "in base64 for URLs": bytes.toString("base64url"),
  };
  for (const [way, form] of Object.entries(forms)) {
    it(`knows a secret ${way}`, () => {
      const clean = one.redact(`before <${form}> after`);
      // Of base64 the last character may be half of what stands behind the secret.
      assert(clean.startsWith(`before <${token}`), clean);
      assert.match(clean.slice(8 + token.length), /^.?> after$/);
    });
  }

  for (const alphabet of ["base64", "base64url"] as const)
    for (const before of [0, 1, 2, 3, 4, 5])
      it(`knows it in ${alphabet} of something that it stands in, ${before} bytes behind`, () => {
        const whole = Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.from("and more")]);
        const clean = one.redact(whole.toString(alphabet));
        assert(clean.includes(token), clean);
        const left = Buffer.from(clean.replace(token, ""), alphabet).toString("latin1");
        for (const part of ["ss'", "HOME"]) assert(!left.includes(part), left);
      });

  it("leaves alone what holds none", () => {
    for (const text of ["", "hello", "p&ss'w\u00f6r", "\ud800 lone", "\u00ff\u{1f600}"])
      assert.equal(one.redact(text), text);
    assert.equal(new Redactor([]).redact("anything"), "anything");
  });

  it("passes over what is too short to tell", () => {
    const short = new Redactor([new Secret("a.PIN", "12345"), new Secret("a.EMPTY", "")]);
    assert.equal(short.redact("12345 MTIzNDU= 3132333435"), "12345 MTIzNDU= 3132333435");
    assert.equal(
      new Redactor([new Secret("a.PIN", "123456")]).redact("x123456x"),
      "x[secret a.PIN]x",
    );
  });

  it("leaves no part of secrets that overlap", () => {
    const two = new Redactor([new Secret("a.A", "abcdefgh"), new Secret("b.B", "efghijkl")]);
    assert.equal(two.redact("<abcdefghijkl>"), "<[secret a.A][secret b.B]>");
    const inside = new Redactor([new Secret("a.A", "cdefgh"), new Secret("b.B", "abcdefghij")]);
    assert.equal(inside.redact("<abcdefghij>"), "<[secret b.B]>");
    assert.equal(inside.redact("abcdefgh"), "ab[secret a.A]");
  });

  it("knows a text of several lines by each long one", () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${"MC4CAQAwBQYDK2VwBCIE".repeat(3)}\nIPTzvhq6m2h0Yx\n-----END PRIVATE KEY-----\n`;
    const redactor = new Redactor([new Secret("tls.key", pem)]);
    assert.equal(redactor.redact(`got ${pem}!`), "got [secret tls.key]!");
    assert.equal(redactor.redact(JSON.stringify({ pem })), `{"pem":"[secret tls.key]"}`);
    assert.equal(redactor.redact("line 3: IPTzvhq6m2h0Yx"), "line 3: [secret tls.key]");
    const others = "-----BEGIN PRIVATE KEY-----\nother\n-----END PRIVATE KEY-----";
    assert.equal(redactor.redact(others), others);
    for (const columns of [64, 76]) {
      const rows =
        Buffer.from(pem)
          .toString("base64")
          .match(new RegExp(`.{1,${columns}}`, "g")) ?? [];
      for (const row of rows.filter((text) => text.length > 20))
        assert(redactor.redact(`| ${row}`).startsWith("| [secret tls.key]"), row);
    }
  });

  it("knows a large file, piece by piece", () => {
    const file = randomBytes(60_000);
    const redactor = new Redactor([new Secret("secrets/a.age", file)]);
    assert.equal(redactor.redact(file.toString("hex")), "[secret secrets/a.age]");
    const cut = redactor.redact(file.subarray(5_000, 9_000).toString("hex"));
    assert(cut.includes("[secret secrets/a.age]") && cut.length < 4_200, `${cut.length}`);
    assert.match(redactor.redact(file.toString("base64")), /^\[secret secrets\/a\.age\]=*$/);
    const whole = redactor.redact(Buffer.concat([Buffer.of(1), file]).toString("base64"));
    assert(whole.replaceAll("[secret secrets/a.age]", "").length < 3 * 60, whole);
  });

  it("shows nothing of what it knows", () => {
    const text = inspect(one, { depth: Infinity, showHidden: true }) + JSON.stringify(one);
    assert(!text.includes("HOME"), text);
  });

  it("says names in full, whatever their letters", () => {
    const redactor = new Redactor([new Secret("secrets/gr\u00fc\u00dfe.age", "hunter2-wins")]);
    assert.equal(
      redactor.redact("\u00e4 hunter2-wins \u00f6"),
      "\u00e4 [secret secrets/gr\u00fc\u00dfe.age] \u00f6",
    );
  });
});

describe("the redactor of a stream", () => {
  it("keeps back only what may be a secret's beginning", () => {
    const stream = one.open();
    const push = (text: string): string => Buffer.from(stream.push(Buffer.from(text))).toString();
    assert.equal(push("hello\n"), "hello\n");
    assert.equal(push("it is p&ss"), "it is ");
    assert.equal(push("ive\n"), "p&ssive\n");
    assert.equal(push(value.slice(0, 10)), "");
    assert.equal(push(value.slice(10)), token);
    assert.equal(push(" p&ss'"), " ");
    assert.equal(Buffer.from(stream.end()).toString(), "p&ss'");
  });

  it("gives the same, wherever the text is cut", async () => {
    const secret = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 3, maxLength: 12 }),
      fc.stringMatching(/^[ab]{6,10}$/),
      fc.stringMatching(/^[a-c\n]{6,60}$/),
    );
    const input = fc.record({
      secrets: fc.array(secret, { minLength: 1, maxLength: 6 }),
      picks: fc.array(fc.tuple(fc.nat(20), fc.nat(9), fc.string({ maxLength: 8 })), {
        maxLength: 8,
      }),
      cuts: fc.array(fc.nat(12), { maxLength: 80 }),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ secrets, picks, cuts }) => {
        const redactor = new Redactor(secrets.map((text, i) => new Secret(`s.${i}`, text)));
        const text = picks
          .map(([which, form, more]) => more + formed(secrets[which % secrets.length] ?? "", form))
          .join("");
        const bytes = Buffer.from(text);
        async function* chunks(): AsyncGenerator<Uint8Array> {
          let at = 0;
          for (const size of cuts) {
            yield bytes.subarray(at, at + size);
            at = Math.min(bytes.length, at + size);
          }
          yield bytes.subarray(at);
        }
        const whole = redactor.redact(bytes.toString());
        const pieces = await all(redactor.stream(chunks()));
        assert.equal(Buffer.concat(pieces).toString(), whole);
      }),
      { numRuns: 400 },
    );
  });
});

describe("whatever the secrets are", () => {
  it("none is left in any form, and what stands around is", () => {
    // Letters that no name, no escape and no base64 of another has: what is left can only be left over.
    const secret = fc.string({
      unit: fc.constantFrom("\u00e4", "'", '"', "\\", "/", "&", "%", "Q", "z"),
      minLength: 6,
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 5 }),
        fc.nat(20),
        fc.nat(9),
        (secrets, which, form) => {
          const redactor = new Redactor(secrets.map((text, i) => new Secret(`s.${i}`, text)));
          const leaked = formed(secrets[which % secrets.length] ?? "", form);
          const clean = redactor.redact(`( ${leaked} )`);
          assert(clean.startsWith("( ") && clean.endsWith(" )"), clean);
          assert(clean.includes("[secret s."), clean);
          assert(clean.replace(/\[secret s\.\d\]/g, "").length <= "(  )".length + 5, clean);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("text without any stays as it is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[0-9]{8,20}$/)),
        fc.string({ unit: "binary" }),
        (secrets, text) => {
          const redactor = new Redactor(secrets.map((digits, i) => new Secret(`s.${i}`, digits)));
          fc.pre(!secrets.some((digits) => text.includes(digits)));
          assert.equal(redactor.redact(text), text);
        },
      ),
    );
  });
});

/** One of the forms in which a text may be said. */
function formed(text: string, form: number): string {
  const bytes = Buffer.from(text);
  const forms = [
    () => text,
    () => JSON.stringify(text).slice(1, -1),
    () => encodeURIComponent(text),
    () => bytes.toString("base64"),
    () => bytes.toString("base64url"),
    () => bytes.toString("hex"),
    () => Buffer.concat([Buffer.from("\0"), bytes]).toString("base64"),
    () => text.replaceAll("'", "'\\''"),
    () => JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1),
    () => Buffer.concat([Buffer.from("\0\0"), bytes]).toString("base64url"),
  ];
  return (forms[form % forms.length] ?? forms[0])?.() ?? "";
}
