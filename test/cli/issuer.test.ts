import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { selfSigned } from "../../src/acme/x509.ts";
import { runCli } from "../../src/cli/program.ts";
import type { IssuerWish, Parts } from "../../src/cli/parts.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { makeInfra } from "../support/infra.ts";
import { noParts, recordedIo } from "./screen.ts";

test("who issues certificates gets the roots and the command that are named, and no credentials", async (t) => {
  const infra = await makeInfra();
  t.after(() => infra.close());
  await infra.commit("First", { "slipway.yaml": "fleet: acme\n" });
  const { certificatePem } = selfSigned(["ca.example"], systemClock);
  const folder = await mkdtemp(join(tmpdir(), "slipway-issuer-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "root.pem");
  const wishes: IssuerWish[] = [];
  const parts: Parts = {
    ...noParts,
    openFleet: () =>
      Promise.resolve({
        session: () => Promise.reject(new Error("no machine")),
        seenHostKey: () => undefined,
        close: () => Promise.resolve(),
      }),
    openIssuer: (wish) => {
      wishes.push(wish);
      return noParts.openIssuer(wish);
    },
  };
  const reconcile = async (): Promise<string> => {
    const env = {
      SLIPWAY_ACME_CA: file,
      SLIPWAY_ACME_DNS_COMMAND: "/opt/dns.sh  zone ",
      SLIPWAY_AGE_PASSPHRASE: "hunter2",
      DNS_TOKEN: "theirs",
    };
    const io = recordedIo({ cwd: infra.repo, env });
    await runCli(["reconcile", "--state", join(folder, "state")], io, parts);
    return io.said().err;
  };
  assert.match(await reconcile(), /SLIPWAY_ACME_CA: .*root\.pem cannot be read/);
  await writeFile(file, "hello");
  assert.match(await reconcile(), /SLIPWAY_ACME_CA: .*root\.pem holds no certificate in PEM/);
  await writeFile(file, certificatePem);
  await reconcile();
  assert.deepEqual(
    wishes.map(({ ca, dnsCommand, env }) => [
      ca,
      dnsCommand,
      env["DNS_TOKEN"],
      env["SLIPWAY_AGE_PASSPHRASE"],
    ]),
    [[certificatePem, ["/opt/dns.sh", "zone"], "theirs", undefined]],
  );
});
