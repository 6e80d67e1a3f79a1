import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeBareBase64, decodeBase64, decodeUtf8, sameBytes } from "../../src/lib/bytes.ts";

test("base64 is taken as it is written, and not in another way", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString("base64");
      assert.deepEqual(Buffer.from(decodeBase64(text) ?? []), Buffer.from(bytes));
      const bare = text.replace(/=+$/, "");
      assert.deepEqual(Buffer.from(decodeBareBase64(bare) ?? []), Buffer.from(bytes));
      if (bare !== text) {
        assert.equal(decodeBase64(bare), undefined);
        assert.equal(decodeBareBase64(text), undefined);
      }
    }),
  );
  for (const text of ["QQ", "QR==", "QUJD\n", " QUJD", "QUJ*", "Q===", "-_-_", "QUJDRA=A"])
    assert.equal(decodeBase64(text), undefined, text);
  for (const text of ["QR", "Q", "QUJ*", "_w"])
    assert.equal(decodeBareBase64(text), undefined, text);
});

test("bytes are the same or not, of any length", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      assert.equal(sameBytes(a, b), Buffer.from(a).equals(b));
      assert(sameBytes(a, Uint8Array.from(a)));
    }),
  );
});

test("what is not UTF-8 is no text", () => {
  assert.equal(decodeUtf8(Buffer.from("\ufeff\u00e4")), "\ufeff\u00e4");
  for (const hex of ["ff", "c3", "eda080", "c080"])
    assert.equal(decodeUtf8(Buffer.from(hex, "hex")), undefined, hex);
});
