import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sealSops, str, sopsFile } from "../../support/sops.ts";
import { assertPublished } from "../../support/published.ts";
import { recipientsIn } from "../../support/age.ts";
import { keyedSite, secretsSite } from "./site.ts";

const canary = "hunter2-canary";

describe("slipway secrets verify", () => {
  it("is content with nothing, and with what it can open", async (t) => {
    const site = await secretsSite(t);
    assert.deepEqual(await site.slipway(["verify"]), {
      code: 0,
      out: "0 files below secrets/: all can be opened\n",
      err: "",
    });
    const { recipient } = await site.key("acme");
    await site.write(".age-recipients", `${recipient}\n`);
    await site.slipway(["set", "shop.A"], { input: "x" });
    await site.slipway(["set", "tls/key.age"], { input: "x" });
    await site.write(
      "secrets/sops.yaml",
      await sealSops(new Map([["a", str("x")]]), recipientsIn(recipient)),
    );
    assert.equal(
      (await site.slipway(["verify"])).out,
      "3 files below secrets/: all can be opened\n",
    );
    const json = JSON.parse((await site.slipway(["verify", "--json"])).out) as object;
    assertPublished("findings", json);
    assert.deepEqual(json, { version: 1, findings: [] });
  });

  it("tells the place of each that is not for us, damaged or not encrypted, in all environments", async (t) => {
    const site = await keyedSite(t);
    const other = await site.key("other");
    await site.slipway(["set", "shop.A"], { input: "x" });
    await site.slipway(["set", "shop.B"], { input: "x" });
    const text = await site.read("secrets/shop.yaml");
    const damagedLine = text.split("\n").findLast((line) => /^ {2}[A-Za-z0-9+/]{8,}/.test(line))!;
    const flipped = damagedLine.replace(/[A-Za-z](?=[^A-Za-z]*$)|[A-Za-z](?=.$)/, (c) =>
      c === "A" ? "B" : "A",
    );
    await site.write(
      "secrets/shop.yaml",
      `${text.replace(damagedLine, flipped)}C: ${canary}\nD:\n"1x": x\n`,
    );
    await site.write("environments/staging/secrets/.age-recipients", `${other.recipient}\n`);
    await site.write("environments/staging/secrets/key.age", "");
    await site.slipway(["set", "shop.A", "--environment", "staging"], { input: "x" });
    await site.write("secrets/sops.yaml", sopsFile("flux-age.yaml"));
    await site.write("secrets/broken.yaml", `A: '${canary}\n`);
    await site.write("secrets/team/.age-recipients", `${canary}\n`);
    const { code, out } = await site.slipway(["verify"]);
    assert.equal(code, 1);
    assert(!out.includes(canary), out);
    const told = out
      .split("\n")
      .map((line) => line.replace(/^(\S+) (\w+): .*\[(.*)\]$/, "$1 $2 $3"));
    assert.deepEqual(told, [
      "environments/staging/secrets/key.age:1:1: error secret-damaged",
      "environments/staging/secrets/shop.yaml:1:1: error secret-not-a-recipient",
      "secrets/broken.yaml:2:1: error secret-unreadable",
      `secrets/shop.yaml:${text.split("\n").indexOf("B: |") + 1}:1: error secret-damaged`,
      `secrets/shop.yaml:${text.split("\n").length}:1: error secret-not-encrypted`,
      `secrets/shop.yaml:${text.split("\n").length + 2}:1: error bad-key`,
      "secrets/sops.yaml:1:1: error secret-not-a-recipient",
      "secrets/team/.age-recipients:1:1: error recipient-damaged",
      "8 errors",
      "",
    ]);
    const both = await site.slipway([
      "verify",
      "--age-key",
      other.file,
      "--environment",
      "staging",
    ]);
    assert(!both.out.includes("environments/staging/secrets/shop.yaml"), both.out);
  });

  it("asks of the root's for an environment only what that one uses", async (t) => {
    const site = await keyedSite(t);
    const staging = await site.key("acme-staging");
    await site.write("environments/staging/.age-recipients", `${staging.recipient}\n`);
    const machine = "address: 10.0.0.1\nprivateAddress: 10.0.0.1\n";
    await site.write("environments/staging/machines/one.yaml", machine);
    const app = "image: shop:1\nmachines: all\nsecrets: [A]\n";
    await site.write("environments/staging/apps/shop.yaml", app);
    for (const name of ["shop.A", "other.B"]) await site.slipway(["set", name], { input: "x" });
    const verify = async () =>
      await site.slipway(["verify", "--environment", "staging", "--age-key", staging.file]);
    const lacking = await verify();
    assert.match(
      lacking.out,
      /^secrets\/shop.yaml:1:1: error: shop.A cannot be opened.*\n1 error\n$/,
    );
    await site.slipway(["set", "shop.A", "--environment", "staging"], { input: "y" });
    assert.deepEqual(await verify(), {
      code: 0,
      out: "3 files below secrets/: all that staging has or uses can be opened\n",
      err: "",
    });
  });

  it("warns of values that are for others than the list says, or for no list", async (t) => {
    const site = await keyedSite(t);
    await site.slipway(["set", "shop.A"], { input: "x" });
    const other = await site.key("other");
    await site.write(".age-recipients", `${site.recipient}\n${other.recipient}\n`);
    const more = await site.slipway(["verify"]);
    assert.equal(more.code, 0);
    assert.match(
      more.out,
      /^secrets\/shop.yaml:1:1: warning: shop.A is not encrypted to those in .age-recipients: slipway secrets rotate \[secret-other-recipients\]\n/,
    );
    const { rm } = await import("node:fs/promises");
    await rm(`${site.dir}/.age-recipients`);
    assert.match(
      (await site.slipway(["verify"])).out,
      /warning: no .age-recipients says who may read this/,
    );
  });
});
