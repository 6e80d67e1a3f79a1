import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { recipientsIn } from "../../support/age.ts";
import { assertPublished } from "../../support/published.ts";
import { sealSops, str } from "../../support/sops.ts";
import { atTerminal, startSlipway } from "./binary.ts";
import { keyedSite, type SecretsSite } from "./site.ts";

/** A site, an editor that is a script of shell with the file as $1, and how the plaintext's folder is found. */
async function editing(t: TestContext) {
  const site = await keyedSite(t);
  const notes = join(site.home, "notes");
  await mkdir(notes, { recursive: true });
  const editor = join(site.home, "editor");
  const script = async (body: string): Promise<Record<string, string>> => {
    await writeFile(
      editor,
      `#!/bin/sh\nset -e\ncp "$1" ${notes}/saw\ndirname "$1" > ${notes}/folder\nstat -c %a "$1" "$(dirname "$1")" > ${notes}/modes\n${body}\n`,
    );
    await chmod(editor, 0o755);
    return { EDITOR: editor };
  };
  const note = async (name: string): Promise<string> =>
    (await readFile(join(notes, name), "utf8")).trimEnd();
  const edit = async (argv: readonly string[], body: string) =>
    await startSlipway(site, ["edit", ...argv], await script(body)).ended;
  return { site, script, note, edit };
}

const get = async (site: SecretsSite, name: string): Promise<string> =>
  (await site.slipway(["get", name])).out;

const isGone = async (folder: string): Promise<boolean> =>
  await readdir(folder).then(
    () => false,
    () => true,
  );

describe("slipway secrets edit", () => {
  it("makes a file, changes it, and leaves nothing of the plaintext", async (t) => {
    const { site, note, edit } = await editing(t);
    const made = await edit(
      ["shop"],
      `printf 'A: one\\nB: two\\n' >> "$1"; echo left > "$(dirname "$1")/.swp"`,
    );
    assert.deepEqual(
      [made.code, made.out],
      [0, "2 changes in secrets/shop.yaml: added A and B\n"],
      made.err,
    );
    assert.match(await note("folder"), /^\/(dev\/shm|run\/user\/\d+)\/slipway-/);
    assert(await isGone(await note("folder")));
    assert.equal(await note("modes"), "600\n700");
    const before = await site.read("secrets/shop.yaml");
    assert.match(await note("saw"), /^# KEY: value, one a line.*comments are not.$/);
    assert.match(before, /^A: \|\n/);
    const changed = await edit(
      ["shop", "--json"],
      `sed -i 's/^B: two/B: "2 # 2"/' "$1"; printf 'C: |\\n  x\\n  y\\n' >> "$1"`,
    );
    assert.equal(await note("saw"), "A: one\nB: two");
    assertPublished("secrets-changes", JSON.parse(changed.out));
    const after = await site.read("secrets/shop.yaml");
    assert(after.startsWith(before.slice(0, before.indexOf("B: |"))), "A is the same bytes");
    assert.deepEqual(
      [await get(site, "shop.A"), await get(site, "shop.B"), await get(site, "shop.C")],
      ["one", "2 # 2", "x\ny\n"],
    );
    assert.match(
      (await edit(["shop"], `sed -i '/^A:/d' "$1"`)).out,
      /^1 change in .*: removed A\n$/,
    );
    const last = await site.read("secrets/shop.yaml");
    assert.equal((await edit(["shop"], ":")).out, "no value changed in secrets/shop.yaml\n");
    assert.equal(await site.read("secrets/shop.yaml"), last);
  });

  it("changes nothing when the editor fails, or what it leaves is wrong and nobody can be asked", async (t) => {
    const { site, note, edit } = await editing(t);
    await site.slipway(["set", "shop.A"], { input: "one" });
    const before = await site.read("secrets/shop.yaml");
    const failed = await edit(["shop"], `echo 'A: hunter2' > "$1"; exit 3`);
    assert.match(failed.err, /the editor '.*editor' ended with 3\n {2}Nothing was written/);
    const wrong = await edit(["shop"], `echo "A: 'hunter2" > "$1"`);
    assert.match(
      wrong.err,
      /line \d: this is not YAML.*\n {2}Nothing was written to secrets\/shop.yaml/,
    );
    assert(!wrong.err.includes("hunter2"));
    assert.deepEqual([failed.code, wrong.code], [1, 1]);
    assert.equal(await site.read("secrets/shop.yaml"), before);
    assert(await isGone(await note("folder")));
  });

  it("offers to edit again at a terminal", async (t) => {
    const { site, script, note } = await editing(t);
    await site.slipway(["set", "shop.A"], { input: "one" });
    const env = await script(
      `if [ -e "$1.again" ]; then echo 'A: two' > "$1"; else touch "$1.again"; echo 'A: [' > "$1"; fi`,
    );
    const { code, seen } = await atTerminal(
      site,
      ["edit", "shop"],
      [[/Edit again\? \[Y\/n\]/, "\n"]],
      env,
    );
    assert.equal(code, 0, seen);
    assert.match(seen, /line \d: this is not YAML/);
    assert.equal(await get(site, "shop.A"), "two");
    assert(await isGone(await note("folder")));
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    it(`wipes the plaintext on ${signal}, and writes nothing`, async (t) => {
      const { site, script, note } = await editing(t);
      await site.slipway(["set", "shop.A"], { input: "one" });
      const before = await site.read("secrets/shop.yaml");
      const ready = randomBytes(4).toString("hex");
      const env = await script(`echo 'A: hunter2' > "$1"; echo ${ready} >&2; exec sleep 60`);
      const { child, ended } = startSlipway(site, ["edit", "shop"], env);
      await new Promise<void>((resolve) => {
        child.stderr?.on("data", (data: Buffer) => data.includes(ready) && resolve());
      });
      assert(!(await isGone(await note("folder"))));
      child.kill(signal);
      assert.equal((await ended).code, 1);
      assert(await isGone(await note("folder")));
      assert.equal(await site.read("secrets/shop.yaml"), before);
    });

  it("overwrites nothing that came in between", async (t) => {
    const { site, edit } = await editing(t);
    await site.slipway(["set", "shop.A"], { input: "one" });
    const ran = await edit(["shop"], `echo 'A: two' > "$1"; echo '# theirs' > secrets/shop.yaml`);
    assert.match(ran.err, /secrets\/shop.yaml was changed by something else meanwhile/);
    assert.equal(await site.read("secrets/shop.yaml"), "# theirs\n");
  });

  it("shows what it can open, and keeps the rest", async (t) => {
    const { site, note, edit } = await editing(t);
    const other = await site.key("other");
    await site.slipway(["set", "shop.A"], { input: "one" });
    const own = await site.read(".age-recipients");
    await site.write(".age-recipients", `${other.recipient}\n`);
    await site.slipway(["set", "shop.B"], { input: "two" });
    await site.write(".age-recipients", own);
    const before = await site.read("secrets/shop.yaml");
    const ran = await edit(["shop"], `sed -i 's/^A: one/A: three/' "$1"`);
    assert.match(ran.err, /warning: B in secrets\/shop.yaml cannot be shown/);
    assert.match(await note("saw"), /^A: one\nB: \|\n {2}-----BEGIN/);
    const after = await site.read("secrets/shop.yaml");
    assert(after.endsWith(before.slice(before.indexOf("B: |"))));
    assert.equal(await get(site, "shop.A"), "three");
  });

  it("refuses what it has no part in", async (t) => {
    const { site, edit } = await editing(t);
    await site.write(
      "secrets/sops.yaml",
      await sealSops(new Map([["a", str("x")]]), recipientsIn(site.recipient)),
    );
    assert.match((await edit(["sops"], ":")).err, /was made by SOPS/);
    assert.match(
      (await edit(["tls/key.age"], ":")).err,
      /edited by its name.*\n {2}A whole file is replaced/,
    );
    assert.match((await edit(["../x"], ":")).err, /edited by its name/);
    const nowhere = await startSlipway(site, ["edit", "shop", "--plaintext-in", "/nowhere"], {
      EDITOR: "true",
    }).ended;
    assert.match(nowhere.err, /no folder can be made in \/nowhere \(ENOENT\)/);
  });
});

describe("slipway secrets at a terminal", () => {
  it("shows nothing of what is typed", async (t) => {
    const site = await keyedSite(t);
    const typed = "hunter2 \u00e4 canary";
    const { code, seen } = await atTerminal(
      site,
      ["set", "shop.KEY"],
      [
        [/Value of shop.KEY \(not shown\): /, `${typed}x\u007f\r`],
        [/Once more: /, `${typed}\r`],
      ],
    );
    assert.equal(code, 0, seen);
    assert(!/hunter2|canary/.test(seen), seen);
    const got = await startSlipway(site, ["get", "shop.KEY"]).ended;
    assert.equal(Buffer.from(got.out, "latin1").toString(), typed);
  });

  it("ends at Ctrl-C with nothing written", async (t) => {
    const site = await keyedSite(t);
    const { code, seen } = await atTerminal(site, ["set", "shop.KEY"], [[/Value of/, "abc\u0003"]]);
    assert.equal(code, 1, seen);
    assert(await isGone(join(site.dir, "secrets")));
  });

  it("gives bytes as they are", async (t) => {
    const site = await keyedSite(t);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await startSlipway(site, ["set", "tls/blob.age"], {}, bytes).ended;
    const got = await startSlipway(site, ["get", "tls/blob"]).ended;
    assert.deepEqual(Buffer.from(got.out, "latin1"), bytes);
    const json = JSON.parse((await site.slipway(["get", "tls/blob", "--json"])).out) as object;
    assertPublished("secrets-value", json);
    assert.deepEqual(json, { version: 1, name: "tls/blob.age", base64: bytes.toString("base64") });
  });
});
