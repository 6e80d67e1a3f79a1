import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { describe, it, type TestContext } from "node:test";
import { promisify } from "node:util";
import { recipientsIn } from "../../support/age.ts";
import { assertPublished } from "../../support/published.ts";
import { sealSops, str } from "../../support/sops.ts";
import { keyedSite } from "./site.ts";

const run = promisify(execFile);

async function committedSite(t: TestContext) {
  const site = await keyedSite(t);
  const git = async (...argv: readonly string[]): Promise<string> => {
    const name = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    return (await run("git", [...name, ...argv], { cwd: site.dir })).stdout;
  };
  const commit = async (): Promise<void> => {
    await git("add", "-A");
    await git("commit", "-qm", "Change");
  };
  await git("init", "-q", "-b", "main");
  await commit();
  const bob = await site.key("bob");
  const carol = await site.key("carol");
  const recipients = async (...argv: readonly string[]) =>
    await site.slipway(["recipients", ...argv]);
  const set = async (name: string, input: string): Promise<void> => {
    const { code, err } = await site.slipway(["set", name], { input });
    assert.equal(code, 0, err);
  };
  const opens = async (name: string, key?: { readonly file: string }): Promise<boolean> =>
    (await site.slipway(["get", name, ...(key === undefined ? [] : ["--age-key", key.file])]))
      .code === 0;
  return { ...site, commit, git, bob, carol, recipients, set, opens };
}

describe("slipway secrets rotate", () => {
  it("lets a new key read, and changes only what is not for it yet", async (t) => {
    const site = await committedSite(t);
    await site.set("shop.A", "one");
    await site.set("tls/key.age", "whole\n");
    await site.commit();
    assert.equal((await site.slipway(["rotate"])).out, "nothing had to be encrypted anew\n");
    const added = await site.recipients("add", site.bob.recipient, "--comment", "bob");
    assert.equal(added.out, "added bob to .age-recipients\n");
    assert.match(added.err, /'slipway secrets rotate' encrypts it for those/);
    await site.set("shop.B", "two");
    const before = await site.read("secrets/shop.yaml");
    assert(!(await site.opens("shop.A", site.bob)));
    const rotated = await site.slipway(["rotate"]);
    assert.deepEqual(rotated, {
      code: 0,
      out: "re-encrypted 2 secrets in secrets/shop.yaml and secrets/tls/key.age; their values are the same\n",
      err: "",
    });
    const after = await site.read("secrets/shop.yaml");
    assert(after.endsWith(before.slice(before.indexOf("B: |"))), "B is the same bytes");
    for (const name of ["shop.A", "shop.B", "tls/key"])
      assert(await site.opens(name, site.bob), name);
    assert.equal((await site.slipway(["rotate"])).out, "nothing had to be encrypted anew\n");
    const all = JSON.parse((await site.slipway(["rotate", "shop", "--all", "--json"])).out) as {
      changes: readonly { name: string }[];
    };
    assertPublished("secrets-changes", all);
    assert.deepEqual(
      all.changes.map(({ name }) => name),
      ["shop.A", "shop.B"],
    );
    const one = await site.slipway(["rotate", "shop.A", "--all"]);
    assert.match(one.out, /^re-encrypted 1 secret in secrets\/shop.yaml/);
  });

  it("names what somebody could read who has gone, until it is another value", async (t) => {
    const site = await committedSite(t);
    await site.recipients("add", site.bob.recipient, "--comment", "bob");
    await site.set("shop.A", "one");
    await site.set("shop.B", "two");
    await site.commit();
    const removed = await site.recipients("remove", "bob", "--rotate");
    assert.equal(removed.code, 0);
    assert.match(removed.out, /^removed bob from .age-recipients\nre-encrypted 2 secrets/);
    assert.match(
      removed.err,
      /only a new value helps:\n {2}shop.A \(secrets\/shop.yaml\): bob\n {2}shop.B/,
    );
    assert.equal((await site.read(".age-recipients")).includes("bob"), false);
    assert(!(await site.opens("shop.A", site.bob)) && (await site.opens("shop.A")));
    await site.commit();
    await site.set("shop.A", "new");
    await site.commit();
    const again = JSON.parse((await site.slipway(["rotate", "--json"])).out) as object;
    assertPublished("secrets-changes", again);
    assert.deepEqual(again, {
      version: 1,
      changes: [],
      replace: [{ name: "shop.B", file: "secrets/shop.yaml", readers: ["bob"] }],
      left: [],
    });
  });

  it("sees by git's history what the header does not show: as many keys, but another", async (t) => {
    const site = await committedSite(t);
    await site.recipients("add", site.bob.recipient, "--comment", "bob");
    await site.set("shop.A", "one");
    await site.commit();
    await site.recipients("remove", site.bob.recipient);
    await site.recipients("add", site.carol.recipient, "--comment", "carol");
    await site.commit();
    const rotated = await site.slipway(["rotate"]);
    assert.match(rotated.out, /^re-encrypted 1 secret/);
    assert.match(rotated.err, /shop.A \(secrets\/shop.yaml\): bob\n/);
    assert((await site.opens("shop.A", site.carol)) && !(await site.opens("shop.A", site.bob)));
  });

  it("goes by the list that counted for the file then", async (t) => {
    const site = await committedSite(t);
    await site.recipients("add", site.bob.recipient, "--comment", "bob");
    await site.set("billing/stripe.KEY", "one");
    await site.set("shop.A", "one");
    await site.commit();
    const made = await site.recipients("add", site.recipient, "--in", "secrets/billing");
    assert.match(
      made.err,
      /^slipway: secrets\/billing\/.age-recipients now counts there instead of .age-recipients\n/,
    );
    const rotated = await site.slipway(["rotate"]);
    assert.match(rotated.out, /^re-encrypted 1 secret in secrets\/billing\/stripe.yaml/);
    assert.match(rotated.err, /billing\/stripe.KEY .*: bob\n/);
    assert(!rotated.err.includes("shop.A"));
    const other = await site.recipients("add", site.carol.recipient, "--in", "secrets/other");
    assert.match(other.err, /add the controller's key to it as well, or nothing can be deployed/);
  });

  it("says what it cannot know, and leaves what it cannot open", async (t) => {
    const site = await committedSite(t);
    await rm(`${site.dir}/.git`, { recursive: true });
    const env = { SLIPWAY_REPO: "" };
    await site.recipients("add", site.bob.recipient, "--comment", "bob");
    await site.set("shop.A", "one");
    await site.recipients("remove", "bob");
    const rotated = await site.slipway(["rotate"], { env });
    assert.match(rotated.err, /no git history here, so who could read what before is not known/);
    assert.match(rotated.err, /shop.A \(secrets\/shop.yaml\): 1 key of which nothing is known/);
    await site.write(".age-recipients", `${site.bob.recipient}\n`);
    await site.set("shop.B", "two");
    await site.write(".age-recipients", `${site.recipient}\n`);
    await site.write("secrets/plain.yaml", "A: hunter2\n");
    await site.write(
      "secrets/sops.yaml",
      await sealSops(new Map([["a", str("x")]]), recipientsIn(site.bob.recipient)),
    );
    const before = await site.read("secrets/shop.yaml");
    const left = await site.slipway(["rotate", "--json"]);
    assert.equal(left.code, 1);
    const document = JSON.parse(left.out) as { left: readonly { name: string }[] };
    assertPublished("secrets-changes", document);
    assert.deepEqual(
      document.left.map(({ name }) => name),
      ["plain.A", "shop.B", "sops"],
    );
    assert(!`${left.out}${left.err}`.includes("hunter2"));
    assert.equal(await site.read("secrets/shop.yaml"), before);
  });

  it("leaves in peace what is for the list that counts, though not for the own key", async (t) => {
    const site = await committedSite(t);
    await site.recipients("add", site.recipient, "--in", "secrets/billing", "--comment", "us");
    await site.recipients("add", site.bob.recipient, "--in", "secrets/billing");
    await site.set("shop.A", "one");
    await site.set("billing/stripe.KEY", "one");
    await site.write(
      "secrets/sops.yaml",
      await sealSops(new Map([["a", str("x")]]), recipientsIn(site.recipient)),
    );
    await site.commit();
    const asBob = ["rotate", "--age-key", site.bob.file];
    const nothing = { code: 0, out: "nothing had to be encrypted anew\n", err: "" };
    assert.deepEqual(await site.slipway(asBob), nothing);
    assert.deepEqual(await site.slipway(["rotate"]), nothing);
    assert.match((await site.slipway(["rotate", "sops"])).err, /sops updatekeys/);
    assert.match((await site.slipway([...asBob, "--all"])).err, /shop.A .* was left as it is/);
    await site.recipients("add", site.carol.recipient, "--comment", "carol");
    const due = await site.slipway(asBob);
    assert.equal(due.code, 1);
    assert.equal(due.out, "nothing was encrypted anew\n");
    assert.match(due.err, /shop.A .* was left as it is/);
    assert.match(due.err, /sops updatekeys/);
  });

  it("refuses names that nothing has", async (t) => {
    const site = await committedSite(t);
    await site.set("shop.A", "one");
    for (const name of ["shp", "shop.B"])
      assert.match((await site.slipway(["rotate", name])).err, /there is no secret 's/);
  });
});

describe("slipway secrets recipients", () => {
  it("keep comments, and take keys of both sorts", async (t) => {
    const site = await committedSite(t);
    const ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPLwz9GTxEEHkRvPFqDTBpbVL5hZPvDaY6DCDBBJEXub";
    await site.write(".age-recipients", `# keep me\n\n${site.recipient}`);
    await site.recipients("add", site.bob.recipient, "--comment", "bob");
    const bySsh = await site.recipients("add", `${ssh} ada@example.com`);
    assert.match(bySsh.out, /^added ada@example.com/, bySsh.err);
    const wanted = `# keep me\n\n${site.recipient}\n# bob\n${site.bob.recipient}\n${ssh} ada@example.com\n`;
    assert.equal(await site.read(".age-recipients"), wanted);
    assert.match(
      (await site.recipients("add", ...ssh.split(" "))).err,
      /stands in .age-recipients:6 already/,
    );
    const json = JSON.parse((await site.recipients("list", "--json")).out) as {
      recipients: readonly { comment: string | null; isOwn: boolean }[];
    };
    assertPublished("secrets-recipients", json);
    assert.deepEqual(
      json.recipients.map(({ comment, isOwn }) => [comment, isOwn]),
      [
        [null, true],
        ["bob", false],
        ["ada@example.com", false],
      ],
    );
    assert.match(
      (await site.recipients("list")).out,
      /^FILE .*\n.*your key\n.age-recipients {2}bob/,
    );
    const gone = await site.recipients("remove", "ada@example.com", "--json");
    assertPublished("secrets-recipients-change", JSON.parse(gone.out));
    await site.recipients("remove", site.bob.recipient);
    assert.equal(await site.read(".age-recipients"), `# keep me\n\n${site.recipient}\n`);
  });

  const removals: readonly (readonly [before: string, after: string])[] = [
    ["# a\nA\n# b\nB\n", "# a\nA\n"],
    ["# all\nB\nA\n", "# all\nA\n"],
    ["# one\n# two\nB\n", "# one\n# two\n"],
    ["A\nB", "A\n"],
    ["A\n# b\nB\nssh-ed25519 AAAA ada\n", "A\nssh-ed25519 AAAA ada\n"],
    ["A\n# all\nB\nssh-ed25519 AAAA\n", "A\n# all\nssh-ed25519 AAAA\n"],
    ["A\r\n# b\r\nB\r\n\r\n# end\r\n", "A\r\n\r\n# end\r\n"],
  ];
  for (const [before, after] of removals)
    it(`take B out of ${JSON.stringify(before)}`, async () => {
      const { withoutRecipient } = await import("../../../src/secrets/recipients-file.ts");
      const line = before.split(/\r?\n/).indexOf("B") + 1;
      assert.equal(withoutRecipient(before, { line }), after);
    });

  it("refuse to lock out the last one, and the own key", async (t) => {
    const site = await committedSite(t);
    const before = await site.read(".age-recipients");
    assert.match((await site.recipients("remove", site.recipient)).err, /is the last one/);
    await site.recipients("add", site.bob.recipient);
    assert.match((await site.recipients("remove", "controller")).err, /controller is your own key/);
    assert.notEqual(await site.read(".age-recipients"), before);
    assert.equal((await site.recipients("remove", "controller", "--force")).code, 0);
    assert.equal((await site.recipients("list")).out.includes(site.recipient), false);
  });

  const wrong: readonly (readonly [argv: readonly string[], said: RegExp])[] = [
    [["add", "age1qqq"], /this is no recipient: its checksum/],
    [["add", "AGE-SECRET-KEY-1CANARY"], /a private key stands here/],
    [["add", "ssh-rsa", "AAAA"], /SSH keys of another type/],
    [["remove", "nobody"], /there is no 'nobody' in .age-recipients\n {2}There are: controller/],
    [["remove", "x", "--in", "secrets"], /there is no secrets\/.age-recipients/],
    [["add", "x", "y", "--in", "../.."], /is no recipient/],
  ];
  for (const [argv, said] of wrong)
    it(`refuse ${argv.join(" ")}`, async (t) => {
      const site = await keyedSite(t);
      const { code, out, err } = await site.slipway(["recipients", ...argv]);
      assert.equal(code, 1);
      assert.match(err, said);
      assert(!`${out}${err}`.includes("CANARY"));
    });

  it("stay in the repo", async (t) => {
    const site = await committedSite(t);
    for (const folder of ["../x", "/tmp", ".git", "secrets/../.."])
      assert.match(
        (await site.recipients("add", site.bob.recipient, "--in", folder)).err,
        /is not in the infra repo/,
      );
  });
});
