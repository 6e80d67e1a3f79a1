import assert from "node:assert/strict";
import { chmod, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assertPublished } from "../../support/published.ts";
import { ageFolder } from "../../support/age.ts";
import { sopsFile } from "../../support/sops.ts";
import { keyedSite, secretsSite } from "./site.ts";

const canary = "hunter2-canary";

describe("slipway secrets set and get", () => {
  it("write a value that comes in, and give it back", async (t) => {
    const site = await keyedSite(t);
    const set = await site.slipway(["set", "shop.DB_PASSWORD"], { input: `${canary}\n` });
    assert.equal(set.err, "");
    assert.equal(
      set.out,
      "added shop.DB_PASSWORD in secrets/shop.yaml, encrypted to 1 recipient; the line end at its end was left out (--raw keeps it)\n",
    );
    assert(!(await site.read("secrets/shop.yaml")).includes(canary));
    assert.deepEqual(await site.slipway(["get", "shop.DB_PASSWORD"]), {
      code: 0,
      out: canary,
      err: "",
    });
    const json = JSON.parse(
      (await site.slipway(["get", "shop.DB_PASSWORD", "--json"])).out,
    ) as object;
    assertPublished("secrets-value", json);
    assert.deepEqual(json, { version: 1, name: "shop.DB_PASSWORD", value: canary });
  });

  const inputs: readonly (readonly [given: string, flags: readonly string[], wanted: string])[] = [
    ["a\n", [], "a"],
    ["a\r\n", [], "a"],
    ["a\n\n", [], "a\n"],
    ["a\n", ["--raw"], "a\n"],
    ["a", ["--raw"], "a"],
    ["a\nb", [], "a\nb"],
    ["", ["--allow-empty"], ""],
    ["\n", ["--allow-empty"], ""],
    ["pä\0ss", [], "pä\0ss"],
  ];
  for (const [input, flags, wanted] of inputs)
    it(`takes ${JSON.stringify(input)} ${flags.join(" ")} for ${JSON.stringify(wanted)}`, async (t) => {
      const site = await keyedSite(t);
      const set = await site.slipway(["set", "shop.KEY", ...flags], { input });
      assert.equal(set.code, 0, set.err);
      assert.equal((await site.slipway(["get", "shop.KEY"])).out, wanted);
    });

  it("ask twice at a terminal, and show nothing", async (t) => {
    const site = await keyedSite(t);
    const wrong = await site.slipway(["set", "shop.KEY"], { hidden: [canary, "other"] });
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /Value of shop.KEY.*\n.*Once more.*\n.*the two are not the same/);
    const right = await site.slipway(["set", "shop.KEY"], { hidden: [canary, canary] });
    assert.equal(right.code, 0, right.err);
    assert(!`${wrong.err}${wrong.out}${right.err}${right.out}`.includes("hunter"));
    assert.equal((await site.slipway(["get", "shop.KEY"])).out, canary);
    assert.equal((await site.slipway(["get", "shop.KEY"], { hidden: [] })).out, `${canary}\n`);
    const brokenOff = await site.slipway(["set", "shop.KEY"], { hidden: [canary] });
    assert.equal(brokenOff.code, 1);
    assert.match(brokenOff.err, /stopped: nothing was written\n$/);
  });

  it("leave other values, comments and the mode alone", async (t) => {
    const site = await keyedSite(t);
    await site.slipway(["set", "shop.A"], { input: "one" });
    const one = await site.read("secrets/shop.yaml");
    await site.write("secrets/shop.yaml", `# kept\n${one}\n# and this\n`);
    await chmod(join(site.dir, "secrets/shop.yaml"), 0o640);
    await site.slipway(["set", "shop.B"], { input: "two" });
    const two = await site.read("secrets/shop.yaml");
    assert(two.startsWith(`# kept\n${one}\n# and this\nB: |\n`));
    const replaced = await site.slipway(["set", "shop.B", "--json"], { input: "three" });
    assertPublished("secrets-changes", JSON.parse(replaced.out));
    assert((await site.read("secrets/shop.yaml")).startsWith(`# kept\n${one}\n# and this\nB: |\n`));
    assert.equal((await stat(join(site.dir, "secrets/shop.yaml"))).mode & 0o777, 0o640);
    assert.deepEqual(await readdir(join(site.dir, "secrets")), ["shop.yaml"]);
    assert.equal((await site.slipway(["get", "shop.A"])).out, "one");
    assert.equal((await site.slipway(["get", "shop.B"])).out, "three");
  });

  it("take whole files byte by byte", async (t) => {
    const site = await keyedSite(t);
    const set = await site.slipway(["set", "tls/shop.key.age"], { input: "a\n\n" });
    assert.equal(
      set.out,
      "added tls/shop.key.age in secrets/tls/shop.key.age, encrypted to 1 recipient\n",
    );
    for (const name of ["tls/shop.key.age", "tls/shop.key"])
      assert.equal((await site.slipway(["get", name])).out, "a\n\n");
    const typed = await site.slipway(["set", "tls/shop.key.age"], { hidden: ["a", "a"] });
    assert.match(typed.err, /whole file, which is not typed/);
  });

  it("go by the nearest recipients, and by the environment", async (t) => {
    const site = await keyedSite(t);
    const team = await site.key("team");
    await site.write("secrets/billing/.age-recipients", `${team.recipient}\n`);
    await site.write("environments/staging/machines/web-1.yaml", "address: 10.0.0.1\n");
    await site.slipway(["set", "billing/stripe.KEY"], { input: "s3" });
    assert.match(
      (await site.slipway(["get", "billing/stripe.KEY"])).err,
      /:1 cannot be opened: it is encrypted to 1 age key/,
    );
    assert.equal(
      (await site.slipway(["get", "billing/stripe.KEY", "--age-key", team.file])).out,
      "s3",
    );
    await site.slipway(["set", "shop.A"], { input: "root" });
    await site.slipway(["set", "shop.B"], { input: "both" });
    const set = await site.slipway(["set", "shop.A", "--environment", "staging"], {
      input: "stage",
    });
    assert.match(set.out, /^added shop.A in environments\/staging\/secrets\/shop.yaml/);
    const staged = async (name: string) =>
      (await site.slipway(["get", name, "--environment", "staging"])).out;
    assert.deepEqual([await staged("shop.A"), await staged("shop.B")], ["stage", "both"]);
    assert.equal((await site.slipway(["get", "shop.A"])).out, "root");
    assert.match(
      (await site.slipway(["set", "shop.A", "--environment", "stagin"], { input: "x" })).err,
      /no environment 'stagin' \(did you mean 'staging'\?\)/,
    );
  });

  it("work with age's own command, both ways", async (t) => {
    const site = await keyedSite(t);
    const age = await ageFolder(t);
    const key = join(site.home, ".config/slipway/acme.agekey");
    await site.slipway(["set", "tls/key.age"], { input: "from slipway" });
    const opened = await age.run(["age", "-d", "-i", key], await site.read("secrets/tls/key.age"));
    assert.equal(opened.toString(), "from slipway");
    for (const form of [["-a"], []]) {
      const list = join(site.dir, ".age-recipients");
      await site.write(
        "secrets/tls/key.age",
        await age.run(["age", ...form, "-R", list], "from age"),
      );
      assert.equal((await site.slipway(["get", "tls/key"])).out, "from age");
    }
    const armor = (await age.run(["age", "-a", "-r", site.recipient], "v")).toString();
    await site.write(
      "secrets/shop.yaml",
      `KEY: |\n  ${armor.trimEnd().replaceAll("\n", "\n  ")}\n`,
    );
    assert.equal((await site.slipway(["get", "shop.KEY"])).out, "v");
  });

  it("take the longest name of a file, where names have dots", async (t) => {
    const site = await keyedSite(t);
    await site.write("secrets/shop.prod.yaml", "# ours\n");
    await site.slipway(["set", "shop.prod.KEY"], { input: "long" });
    await site.slipway(["set", "shop.other.KEY"], { input: "short" });
    assert.match(await site.read("secrets/shop.prod.yaml"), /^# ours\nKEY: \|/);
    assert.match(await site.read("secrets/shop.yaml"), /^other.KEY: \|/);
    assert.equal((await site.slipway(["get", "shop.prod.KEY"])).out, "long");
    assert.equal((await site.slipway(["get", "shop.other.KEY"])).out, "short");
  });

  it("work in a folder of a larger repository, and in none that is bare", async (t) => {
    const site = await keyedSite(t);
    const age = await ageFolder(t);
    await age.run(["git", "init", "-q", "--bare", "bare"]);
    const bare = await site.slipway(["set", "shop.KEY", "--repo", age.path("bare")], {
      input: "x",
    });
    assert.match(
      bare.err,
      /bare has no files in a folder\n {2}Secrets are read and written in a clone/,
    );
    await age.run(["git", "init", "-q", "mono"]);
    await age.run(["mkdir", "mono/deploy"]);
    await age.write("mono/deploy/.age-recipients", `${site.recipient}\n`);
    await age.write("mono/deploy/slipway.yaml", "fleet: acme\n");
    const place = ["--repo", age.path("mono"), "--path", "deploy"];
    const set = await site.slipway(["set", "shop.KEY", ...place], { input: "x" });
    assert.match(set.out, /^added shop.KEY in secrets\/shop.yaml/, set.err);
    assert.match((await age.read("mono/deploy/secrets/shop.yaml")).toString(), /^KEY: \|/);
    assert.equal((await site.slipway(["get", "shop.KEY", ...place])).out, "x");
  });

  it("take an SSH key, and one with a passphrase", async (t) => {
    const site = await secretsSite(t);
    const age = await ageFolder(t);
    await age.sshKey("plain");
    await age.sshKey("locked", "sesame");
    const publics = await Promise.all(["plain.pub", "locked.pub"].map((name) => age.read(name)));
    await site.write(".age-recipients", publics.join(""));
    assert.equal((await site.slipway(["set", "shop.KEY"], { input: canary })).code, 0);
    const get = async (key: string, more: object = {}) =>
      await site.slipway(["get", "shop.KEY", "--age-key", age.path(key)], more);
    assert.equal((await get("plain")).out, canary);
    assert.match((await get("locked")).err, /has a passphrase, and there is no terminal/);
    const typed = await get("locked", { hidden: ["wrong", "sesame"] });
    assert.equal(typed.out, `${canary}\n`, typed.err);
    assert.equal((await get("locked", { env: { SLIPWAY_AGE_PASSPHRASE: "sesame" } })).out, canary);
    assert.match(
      (await get("locked", { env: { SLIPWAY_AGE_PASSPHRASE: "open" } })).err,
      /the passphrase in SLIPWAY_AGE_PASSPHRASE does not fit the age key/,
    );
  });

  it("read what SOPS made, and leave changing it to SOPS", async (t) => {
    const site = await keyedSite(t);
    await site.write("secrets/shop.yaml", sopsFile("flux-age.yaml"));
    const set = await site.slipway(["set", "shop.KEY"], { input: canary });
    assert.match(
      set.err,
      /secrets\/shop.yaml was made by SOPS\n {2}Change it with its own command/,
    );
    const get = await site.slipway(["get", "shop.stringData.PASSWORD"]);
    assert.match(get.err, /secrets\/shop.yaml cannot be opened: none of our identities/);
  });

  const refused: readonly (readonly [
    why: string,
    files: Readonly<Record<string, string>>,
    argv: readonly string[],
    said: RegExp,
  ])[] = [
    [
      "a value on the command line",
      {},
      ["set", "shop.KEY", canary],
      /never taken from the command line/,
    ],
    [
      "a value behind a =",
      {},
      ["set", `shop.KEY=${canary}`],
      /'shop.KEY=…' is not NAME.KEY|no name for a value/,
    ],
    ["a name without a key", {}, ["set", "KEY"], /'KEY' is not NAME.KEY/],
    ["a way out", {}, ["set", "../x.KEY"], /is not NAME.KEY/],
    ["a way out of a file", {}, ["set", "a/../../x.age"], /is not NAME.KEY/],
    ["a hidden file", {}, ["set", ".git/x.KEY"], /is not NAME.KEY/],
    ["a bad key", {}, ["set", "shop.1A"], /'1A' is no name for a value/],
    ["a key that is none to apps", {}, ["set", "shop.__proto__"], /is no name for a value/],
    ["nothing", {}, ["set", "shop.KEY"], /nothing came in for shop.KEY/],
    [
      "a list that is not there",
      { ".age-recipients": "" },
      ["set", "shop.KEY"],
      /there is no recipient here/,
    ],
    [
      "a list with a private key",
      { ".age-recipients": "AGE-SECRET-KEY-1QQQQ\n" },
      ["set", "shop.KEY"],
      /line 1: a private key stands here/,
    ],
    [
      "a file that is no YAML",
      { "secrets/shop.yaml": `A: '${canary}\n` },
      ["set", "shop.KEY"],
      /secrets\/shop.yaml:\d:\d+: this is not YAML/,
    ],
    [
      "a file that is no map of lines",
      { "secrets/shop.yaml": `{ A: ${canary} }\n` },
      ["set", "shop.KEY"],
      /write it as lines/,
    ],
    [
      "a secret that is not there",
      {},
      ["get", "shop.KYE"],
      /there is no secret 'shop.KYE'\n {2}There are none yet/,
    ],
    [
      "a value that is not encrypted",
      { "secrets/shop.yaml": `A: ${canary}\n` },
      ["get", "shop.A"],
      /shop.yaml:1 cannot be opened: it is damaged/,
    ],
    [
      "a value that is unset",
      { "secrets/shop.yaml": "A:\n" },
      ["get", "shop.A"],
      /A holds nothing at secrets\/shop.yaml:1/,
    ],
    [
      "a URL",
      {},
      ["set", "shop.KEY", "--repo", "https://x.example/y"],
      /has no files in a folder\n {2}Secrets are read and written in a clone/,
    ],
    [
      "a command that is none",
      {},
      ["gte", "shop.KEY"],
      /no command 'secrets gte' \(did you mean 'get'\?\)\n {2}There are: set, get/,
    ],
  ];
  for (const [why, files, argv, said] of refused)
    it(`refuse ${why}, without a word of the value`, async (t) => {
      const site = await keyedSite(t);
      for (const [path, text] of Object.entries(files)) await site.write(path, text);
      const ran = await site.slipway(argv, { input: why === "nothing" ? "\n" : `${canary}\n` });
      assert.equal(ran.code, 1);
      assert.match(ran.err, said);
      assert(!`${ran.out}${ran.err}`.includes(canary), ran.err);
    });

  it("repeat nothing that may be a value", async (t) => {
    const site = await keyedSite(t);
    for (const argv of [
      ["set", `--value=${canary}`, "shop.KEY"],
      ["set", "shop.KEY", canary],
      ["set", `shop.KEY=${canary}`],
      ["generate", "shop.KEY", canary],
      ["--json", "get", "shop.KEY", canary],
    ]) {
      const { code, out, err } = await site.slipway(argv, { input: "x" });
      assert.equal(code, 1);
      assert(!`${out}${err}`.includes(canary), `${out}${err}`);
    }
  });

  it("refuse where nobody is named", async (t) => {
    const site = await secretsSite(t);
    const set = await site.slipway(["set", "shop.KEY"], { hidden: [canary, canary] });
    assert.match(
      set.err,
      /there is no .age-recipients\n {2}Make one with 'slipway secrets recipients add/,
    );
    assert(!set.err.includes("Value of"), "nobody types in vain");
  });

  it("refuse what is too large", async (t) => {
    const site = await keyedSite(t);
    const most = "x".repeat(1024 * 1024);
    assert.equal((await site.slipway(["set", "shop.KEY"], { input: `${most}\n` })).code, 0);
    const { err } = await site.slipway(["set", "shop.KEY"], { input: `${most}xxxx\n` });
    assert.match(err, /shop.KEY would be larger than 1048576 bytes/);
  });

  it("follow no symlink", async (t) => {
    const site = await keyedSite(t);
    const out = join(site.home, "elsewhere");
    await mkdir(out, { recursive: true });
    await writeFile(join(out, "shop.yaml"), "A: x\n");
    await symlink(out, join(site.dir, "secrets"));
    for (const argv of [
      ["set", "shop.A"],
      ["set", "x.age"],
    ])
      assert.match(
        (await site.slipway(argv, { input: "x" })).err,
        /secrets is a symlink, which is not followed/,
      );
    assert.deepEqual(await readdir(out), ["shop.yaml"]);
  });

  it("need a key to open with", async (t) => {
    const site = await keyedSite(t);
    await site.slipway(["set", "shop.KEY"], { input: "x" });
    const none = await site.slipway(["get", "shop.KEY"], { env: { XDG_CONFIG_HOME: "/nowhere" } });
    assert.match(
      none.err,
      /no key to open secrets with: \/nowhere\/slipway\/acme.agekey is not there/,
    );
    const missing = await site.slipway(["get", "shop.KEY", "--age-key", "/nowhere/key"]);
    assert.match(missing.err, /the age key \/nowhere\/key cannot be read \(it is not there\)/);
    await site.write("key", "AGE-SECRET-KEY-1QQQQ\n");
    const damaged = await site.slipway(["get", "shop.KEY", "--age-key", "key"]);
    assert.match(damaged.err, /key cannot be used: line 1: this identity's checksum/);
    assert.match(damaged.err, /others may read the age key|cannot be used/);
    assert(!damaged.err.includes("QQQQ"));
  });
});
