import assert from "node:assert/strict";
import { test } from "node:test";
import { hostKeyFile, textFingerprint, withoutComment } from "../../src/lib/ssh-key.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS";

test("a key is told by its fingerprint, its file, and without what stands behind it", () => {
  assert.match(textFingerprint(key), /^SHA256:[A-Za-z0-9+/]{43}$/);
  assert.equal(textFingerprint(`${key} ada@laptop`), textFingerprint(key));
  assert.equal(withoutComment(` ${key}  ada@laptop`), key);
  assert.equal(hostKeyFile(key), "/etc/ssh/ssh_host_ed25519_key.pub");
  assert.equal(hostKeyFile("ecdsa-sha2-nistp256 AAAA"), "/etc/ssh/ssh_host_ecdsa_key.pub");
  assert.equal(hostKeyFile("ssh-rsa AAAA"), "/etc/ssh/ssh_host_rsa_key.pub");
});
