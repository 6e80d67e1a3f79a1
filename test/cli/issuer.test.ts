import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { selfSigned } from "../../src/acme/x509.ts";
import { runCli } from "../../src/cli/program.ts";
import type { IssuerWish, Parts } from "../../src/cli/parts.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { makeInfra } from "../support/infra.ts";
import { noParts, recordedIo } from "./screen.ts";

test("who issues certificates gets the roots that are named, and no credentials", async (t) => {
  const infra = await makeInfra();
  t.after(() => infra.close());
  await infra.commit("First", { "slipway.yaml": "fleet: acme\n" });
  const { certificatePem } = selfSigned(["ca.example"], systemClock);
  const file = join(infra.repo, "../root.pem");
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
    const env = { SLIPWAY_ACME_CA: file, SLIPWAY_AGE_PASSPHRASE: "hunter2", DNS_TOKEN: "theirs" };
    const io = recordedIo({ cwd: infra.repo, env });
    await runCli(["reconcile", "--state", join(infra.repo, "../state")], io, parts);
    return io.said().err;
  };
  assert.match(await reconcile(), /SLIPWAY_ACME_CA: .*root\.pem cannot be read/);
  await writeFile(file, "hello");
  assert.match(await reconcile(), /SLIPWAY_ACME_CA: .*root\.pem holds no certificate in PEM/);
  await writeFile(file, certificatePem);
  await reconcile();
  assert.deepEqual(
    wishes.map(({ ca, env }) => [ca, env["DNS_TOKEN"], env["SLIPWAY_AGE_PASSPHRASE"]]),
    [[certificatePem, "theirs", undefined]],
  );
});
