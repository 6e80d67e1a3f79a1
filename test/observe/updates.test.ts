import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { countSecurityUpdates, updatesScript } from "../../src/observe/updates.ts";

const security = "deb.debian.org_debian-security_dists_bookworm-security_main_Packages.lz4";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "updates-"));
  // In the place of apt: what it was asked.
  writeFileSync(join(folder, "apt-get"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = () =>
  spawnSync("sh", ["-c", updatesScript, "sh", folder], {
    encoding: "utf8",
    env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
  });

test("apt is asked what it would do, and told to do nothing", () => {
  writeFileSync(join(folder, security), "");
  const { status, stdout } = run();
  assert.equal(status, 0);
  assert.match(stdout, /^-s /);
});

test("without a list of security updates nothing is known", () => {
  writeFileSync(join(folder, "deb.debian.org_debian_dists_bookworm_main_Packages"), "");
  assert.equal(run().status, 44);
});

test("by lists that nobody has fetched for long nothing is known", () => {
  writeFileSync(join(folder, security), "");
  const then = Date.now() / 1000 - 9 * 86_400;
  utimesSync(folder, then, then);
  assert.equal(run().status, 44);
});

test("of what apt would install that counts which comes from a security archive", () => {
  const text = `NOTE: This is only a simulation!
Inst tzdata [2024a-0+deb12u1] (2025b-0+deb12u1 Debian:12.11/stable-updates [all])
Inst zip [3.0-13] (3.0-13+deb12u1 Debian-Security:12/oldstable-security [amd64])
Inst libc6 [2.35-0ubuntu3.1] (2.35-0ubuntu3.8 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64]) []
Inst linux-image-6.1.0-21-amd64 (6.1.90-1 Debian-Security:12/stable-security [amd64])
Conf zip (3.0-13+deb12u1 Debian-Security:12/oldstable-security [amd64])
`;
  assert.equal(countSecurityUpdates(text), 3);
  assert.equal(countSecurityUpdates(""), 0);
});
