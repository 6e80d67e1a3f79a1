import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { selfSigned } from "../../src/acme/x509.ts";
import { covers, isDue, readCertificate } from "../../src/lib/certificate.ts";

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const now = Date.UTC(2026, 10, 26);

describe("what a certificate says", () => {
  it("is read from the first one of a text", () => {
    const [one, other] = ["a.example", "b.example"].map(
      (host) => selfSigned([host], { now: () => now }).certificatePem,
    );
    const found = readCertificate(`# HAProxy\n${one}${other}`);
    assert.deepEqual(found?.hosts, ["a.example"]);
    assert.match(found.sha256, /^[0-9a-f]{64}$/);
    assert.notEqual(found.sha256, readCertificate(other ?? "")?.sha256);
  });

  it("is nothing where there is none", () => {
    const { certificatePem, keyPem } = selfSigned(["a.example"], { now: () => now });
    const body = certificatePem.split("\n");
    const cut = [...body.slice(0, 3), ...body.slice(-2)].join("\n");
    for (const text of ["", "hello", keyPem.revealText() ?? "", cut, " ".repeat(70_000)])
      assert.equal(readCertificate(text), undefined, text.slice(0, 40));
    assert.equal(readCertificate(" ".repeat(70_000) + certificatePem), undefined);
  });

  it("is never made of garbage", () => {
    const { certificatePem } = selfSigned(["a.example"], { now: () => now });
    fc.assert(
      fc.property(fc.nat(certificatePem.length - 1), fc.string({ maxLength: 4 }), (at, text) => {
        readCertificate(certificatePem.slice(0, at) + text + certificatePem.slice(at + 1));
      }),
    );
  });
});

describe("a certificate is due", () => {
  const cases: readonly (readonly [name: string, life: number, age: number, due: boolean])[] = [
    ["90 days, new", 90 * day, 0, false],
    ["90 days, a little before two thirds", 90 * day, 60 * day - 1, false],
    ["90 days, at two thirds", 90 * day, 60 * day, true],
    ["6 days, on the third", 6 * day, 3 * day, false],
    ["6 days, after the fourth", 6 * day, 4 * day, true],
    ["an hour, at 39 minutes", hour, 39 * 60_000, false],
    ["an hour, at 40 minutes", hour, 40 * 60_000, true],
    ["over", 90 * day, 91 * day, true],
    ["not valid yet", 90 * day, -day, false],
    ["of no life at all", 0, 0, true],
  ];
  for (const [name, life, age, due] of cases)
    it(`${name}: ${due ? "yes" : "no"}`, () => {
      assert.equal(isDue({ notBefore: now, notAfter: now + life }, now + age), due);
    });
});

describe("a certificate covers", () => {
  const cases: readonly (readonly [host: string, covered: boolean])[] = [
    ["example.com", true],
    ["www.example.org", true],
    ["*.example.org", true],
    ["example.org", false],
    ["a.b.example.org", false],
    ["www.example.com", false],
  ];
  for (const [host, covered] of cases)
    it(`${host}: ${covered ? "yes" : "no"}`, () => {
      assert.equal(covers({ hosts: ["example.com", "*.example.org"] }, host), covered);
    });
});
