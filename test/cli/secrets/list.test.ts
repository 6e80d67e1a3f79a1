import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { textconv } from "../../../src/secrets/textconv.ts";
import { recipientsIn } from "../../support/age.ts";
import { assertPublished } from "../../support/published.ts";
import { sealSops, str } from "../../support/sops.ts";
import { keyedSite } from "./site.ts";

const run = promisify(execFile);
const bin = new URL("../../../bin/slipway", import.meta.url).pathname;

describe("slipway secrets list", () => {
  it("says for whom everything is, and what uses it", async (t) => {
    const site = await keyedSite(t);
    assert.match((await site.slipway(["list"])).out, /^no secrets yet/);
    await site.write("machines/web-1.yaml", "address: 10.0.0.1\n");
    await site.write("environments/eu/machines/web-2.yaml", "address: 10.0.0.2\n");
    await site.write(
      "apps/shop.yaml",
      "image: a\nmachines: all\nsecrets: [A, { KEY: { secret: tls/key.age, as: file } }]\n",
    );
    for (const name of ["shop.A", "shop.OLD", "tls/key.age", "reg.TOKEN"])
      await site.slipway(["set", name], { input: "x" });
    await site.slipway(["set", "shop.A", "--environment", "eu"], { input: "x" });
    await site.write(
      "secrets/ops.yaml",
      await sealSops(
        new Map([["db", new Map([["pass", str("x")]])]]),
        recipientsIn(site.recipient),
      ),
    );
    await site.write(
      "slipway.yaml",
      "fleet: acme\nregistries: { ghcr.io: { user: bot, password: reg.TOKEN } }\n",
    );
    const other = await site.key("other");
    await site.write("secrets/.age-recipients", `${site.recipient}\n# ada\n${other.recipient}\n`);
    await site.slipway(["set", "shop.B"], { input: "x" });
    const listed = await site.slipway(["list"]);
    assert.deepEqual(
      listed.out.split("\n").map((line) => line.split(/ {2,}/)),
      [
        ["NAME", "ENVIRONMENT", "FOR", "USED BY"],
        ["shop.A", "eu", "controller", "shop (eu)"],
        [
          "ops.db.pass",
          listed.out.includes("SOPS")
            ? `SOPS: ${site.recipient.slice(0, 12)}…${site.recipient.slice(-6)}`
            : "",
          "unused",
        ],
        ["reg.TOKEN", "1 key, not those of .age-recipients", "registry ghcr.io"],
        ["shop.A", "1 key, not those of .age-recipients", "shop"],
        ["shop.OLD", "1 key, not those of .age-recipients", "unused"],
        ["shop.B", `${site.recipient.slice(0, 12)}…${site.recipient.slice(-6)} and ada`, "unused"],
        ["tls/key.age", "1 key, not those of .age-recipients", "shop"],
        [""],
      ].map((row) => row),
      listed.out + listed.err,
    );
    const json = JSON.parse((await site.slipway(["list", "--json"])).out) as object;
    assertPublished("secrets-list", json);
  });

  it("claims no value to be unused where it does not know", async (t) => {
    const site = await keyedSite(t);
    await site.slipway(["set", "shop.A"], { input: "x" });
    await site.write("apps/shop.yaml", "imagee: a\n");
    await site.write("secrets/broken.yaml", "A: 'hunter2\n");
    await site.write("secrets/.swap.yaml", "A: hunter2\n");
    const { out, err } = await site.slipway(["list"]);
    assert.match(out, /^NAME .*\nshop.A +controller +\?\n$/);
    assert.match(err, /^slipway: warning: secrets\/broken.yaml:2: this is not YAML/);
    assert.match(err, /not all uses are known: 'slipway validate'/);
  });
});

describe("slipway secrets textconv", () => {
  it("tells keys and changes, and nothing of values", async (t) => {
    const site = await keyedSite(t);
    await site.slipway(["set", "shop.A"], { input: "one" });
    await site.write(
      "secrets/shop.yaml",
      `# head\n${await site.read("secrets/shop.yaml")}B: hunter2 # why\nC:\n`,
    );
    const conv = async (path: string): Promise<string> =>
      (await site.slipway(["textconv", path])).out;
    assert.match(
      await conv("secrets/shop.yaml"),
      /^# head\nA: encrypted [0-9a-f]{12} for 1 recipient\nB: NOT ENCRYPTED # why\nC:\n$/,
    );
    await site.slipway(["set", "key.age"], { input: "one" });
    assert.match(await conv("secrets/key.age"), /^encrypted [0-9a-f]{12} for 1 recipient\n$/);
    const sops = await sealSops(
      new Map([
        ["a", str("hunter2")],
        ["b", str("")],
      ]),
      recipientsIn(site.recipient),
    );
    assert.match(
      textconv(Buffer.from(sops)),
      /^# made by SOPS, for 1 recipient of age\na: encrypted [0-9a-f]{12}\n$/,
    );
    for (const odd of ["A: 'hunter2\n", "- hunter2", "\xff\xfe"])
      assert(!textconv(Buffer.from(odd, "latin1")).includes("hunter2"));
    assert.match((await site.slipway(["textconv", "nothing"])).err, /cannot be read \(ENOENT\)/);
  });

  it("serves git diff", async (t) => {
    const site = await keyedSite(t);
    const git = async (...argv: readonly string[]): Promise<string> =>
      (
        await run("git", ["-c", "user.name=A", "-c", "user.email=a@example.com", ...argv], {
          cwd: site.dir,
        })
      ).stdout;
    await git("init", "-q");
    await git("config", "diff.slipway.textconv", `${bin} secrets textconv`);
    await site.write(".gitattributes", "/secrets/** diff=slipway\n");
    await site.slipway(["set", "shop.A"], { input: "one" });
    await site.slipway(["set", "shop.B"], { input: "two" });
    await git("add", "-A");
    await git("commit", "-qm", "Start");
    await site.slipway(["set", "shop.B"], { input: "three" });
    const diff = await git("diff");
    assert.match(diff, /\n A: encrypted .*\n-B: encrypted .*\n\+B: encrypted .*\n$/);
  });
});
