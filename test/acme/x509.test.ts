import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { newKey } from "../../src/acme/jws.ts";
import { requestFor, selfSigned } from "../../src/acme/x509.ts";
import { readCertificate } from "../../src/lib/certificate.ts";

const host = fc
  .array(fc.stringMatching(/^[a-z0-9]{1,20}$/), { minLength: 2, maxLength: 5 })
  .map((labels) => labels.join("."));

describe("a certificate that stands in", () => {
  it("is read back as it was made, whatever the hosts and the time", () => {
    const hosts = fc.uniqueArray(host, { minLength: 1, maxLength: 30 });
    const time = fc.integer({ min: Date.UTC(2020) / 1000, max: Date.UTC(2120) / 1000 });
    fc.assert(
      fc.property(hosts, time, fc.boolean(), (hosts, time, isWild) => {
        const now = time * 1000;
        const names = isWild ? [...hosts, `*.${hosts[0]}`] : hosts;
        const { certificatePem, keyPem } = selfSigned(names, { now: () => now });
        const found = readCertificate(certificatePem);
        assert.deepEqual(found?.hosts, names);
        assert.ok(found.isStandIn);
        assert.equal(found.issuer, "Slipway stand-in");
        assert.ok(found.notBefore < now);
        assert.equal(found.notAfter, now + 90 * 24 * 60 * 60 * 1000);
        const certificate = new X509Certificate(certificatePem);
        assert.ok(certificate.checkPrivateKey(createPrivateKey(keyPem.revealText() ?? "")));
        assert.ok(certificate.verify(certificate.publicKey));
        assert.equal(certificate.ca, false);
      }),
      { numRuns: 50 },
    );
  });

  it("shows nothing of its key", () => {
    const made = selfSigned(["shop.example.com"], { now: () => 0 });
    assert.equal(JSON.parse(JSON.stringify(made)).keyPem, "[secret key of shop.example.com]");
  });
});

describe("a request for a certificate", () => {
  it("is understood by OpenSSL", () => {
    const input = requestFor(["shop.example.com", "*.example.org"], newKey());
    const argv = ["req", "-inform", "DER", "-noout", "-verify", "-text"];
    const said = execFileSync("openssl", argv, { input, encoding: "utf8", stdio: "pipe" });
    assert.match(said, /DNS:shop\.example\.com, DNS:\*\.example\.org\n/);
    assert.match(said, /NIST CURVE: P-256/);
  });
});
