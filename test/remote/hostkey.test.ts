import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fingerprint,
  formatHostKey,
  hostKeyAlgorithms,
  parseHostKey,
} from "../../src/remote/hostkey.ts";

// GitHub publishes this key with its fingerprint.
const text = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

test("a key is known by the fingerprint that OpenSSH prints", () => {
  const key = parseHostKey(`  ${text} with a comment\n`);
  assert.ok(key);
  assert.equal(fingerprint(key), "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
  assert.equal(formatHostKey(key), text);
  assert.deepEqual(hostKeyAlgorithms(key), ["ssh-ed25519"]);
});

for (const wrong of [
  "",
  "ssh-ed25519",
  "ssh-ed25519 AAAA",
  "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
]) {
  test(`'${wrong}' is no key`, () => assert.equal(parseHostKey(wrong), undefined));
}
