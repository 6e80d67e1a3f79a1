import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { parseMachine } from "../../src/cli/init/machines.ts";
import { UserError } from "../../src/cli/trouble.ts";
import { seal } from "../../src/secrets/seal.ts";
import { parseRecipients } from "../../src/secrets/recipients.ts";
import { assertPublished } from "../support/published.ts";
import { startSshd } from "../support/sshd.ts";

const bin = new URL("../../bin/slipway", import.meta.url).pathname;
const run = promisify(execFile);

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe("slipway init", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "slipway-init-"));
  });
  after(async () => await rm(dir, { recursive: true, force: true }));

  const slipway = async (
    argv: readonly string[],
    cwd = dir,
    env: Record<string, string> = {},
  ): Promise<Ran> => {
    const options = {
      cwd,
      env: {
        PATH: process.env["PATH"],
        HOME: join(dir, "home"),
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "Ada",
        GIT_AUTHOR_EMAIL: "ada@example.com",
        GIT_COMMITTER_NAME: "Ada",
        GIT_COMMITTER_EMAIL: "ada@example.com",
        NODE_COMPILE_CACHE:
          process.env["NODE_COMPILE_CACHE"] ?? join(tmpdir(), "slipway-compile-cache"),
        ...env,
      },
    };
    return await run(bin, argv, options).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: Ran) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
    );
  };

  it("writes a repo without a finding, committed, its key elsewhere", async () => {
    const made = await slipway(["init", "infra"]);
    assert.equal(made.code, 0, made.stderr);
    assert.match(
      made.stdout,
      /committed them.\n.*infra\.agekey.*\n\nNext:\n {2}1\. Put your server's address/s,
    );
    const infra = join(dir, "infra");
    assert.deepEqual((await readdir(infra)).toSorted(), [
      ".age-recipients",
      ".git",
      ".gitattributes",
      ".gitignore",
      ".schemas",
      "README.md",
      "apps",
      "machines",
      "slipway.yaml",
    ]);
    const checked = await slipway(["validate"], infra);
    assert.deepEqual(checked, { code: 0, stdout: "no findings\n", stderr: "" });
    const json = await slipway(["validate", "--json"], infra);
    assert.deepEqual(JSON.parse(json.stdout), { version: 1, findings: [] });
    assert.match(
      (await run("git", ["log", "--format=%an %s"], { cwd: infra })).stdout,
      /^Ada Start the fleet\n$/,
    );
    assert.equal((await run("git", ["status", "--porcelain"], { cwd: infra })).stdout, "");
    const keyFile = join(dir, "home", ".config", "slipway", "infra.agekey");
    assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
    const key = await readFile(keyFile, "utf8");
    const recipient = /# public key: (age1[0-9a-z]+)\nAGE-SECRET-KEY-1[0-9A-Z]+\n/.exec(key)?.[1];
    assert(recipient !== undefined, key);
    const list = await readFile(join(infra, ".age-recipients"), "utf8");
    assert(list.endsWith(`\n${recipient}\n`));
    assert.match(list, /key is in ~\/.config\/slipway\/infra.agekey:\n/);
    const set = await slipway(["secrets", "generate", "hello.TOKEN"], infra);
    assert.match(set.stdout, /^added hello.TOKEN in secrets\/hello.yaml/, set.stderr);
    assert.match((await slipway(["secrets", "get", "hello.TOKEN"], infra)).stdout, /^\w{32}$/);
    const attribute = await run("git", ["check-attr", "diff", "secrets/a/b.yaml"], { cwd: infra });
    assert.match(attribute.stdout, /diff: slipway\n$/);
    for (const path of ["slipway.yaml", "machines/web-1.yaml", "apps/hello/app.yaml"]) {
      const schema =
        /^# yaml-language-server: \$schema=(\S+)\n/.exec(
          await readFile(join(infra, path), "utf8"),
        )?.[1] ?? "";
      const file = join(infra, path, "..", schema);
      assert.equal(
        (JSON.parse(await readFile(file, "utf8")) as { $id: string }).$id,
        schema.split("/").at(-1),
      );
    }
  });

  it("is ready for secrets: what is sealed to its recipients opens with its key", async () => {
    await slipway(["init", "sealed"]);
    const infra = join(dir, "sealed");
    const { recipients, findings } = parseRecipients(
      await readFile(join(infra, ".age-recipients"), "utf8"),
    );
    assert.deepEqual([findings, recipients.map(({ comment }) => comment)], [[], ["controller"]]);
    const armor = await seal("hunter2", recipients);
    await mkdir(join(infra, "secrets"));
    await writeFile(join(infra, "secrets/hello.yaml"), `TOKEN: |\n${armor.replace(/^/gm, "  ")}\n`);
    const app = await readFile(join(infra, "apps/hello/app.yaml"), "utf8");
    const examples = [...app.matchAll(/^# (secrets: .*)$/gm)];
    assert.equal(examples.length, 2);
    for (const [line, example = ""] of examples) {
      await writeFile(join(infra, "apps/hello/app.yaml"), app.replace(line, example));
      assert.equal((await slipway(["validate"], infra)).stdout, "no findings\n");
    }
    await slipway(["init", "elsewhere", "--age-key", "other.agekey"]);
    const other = ["validate", "--age-key", join(dir, "other.agekey")];
    assert.match((await slipway(other, infra)).stdout, /hello\.TOKEN .*none of our identities/);
  });

  it("says how a key is found that is not at its usual place", async () => {
    const usual = await slipway(["init", "usual"]);
    assert.doesNotMatch(usual.stdout, /SLIPWAY_AGE_KEY/);
    const own = await slipway(["init", "own", "--age-key", "keys/own.agekey"]);
    assert.match(own.stdout, /SLIPWAY_AGE_KEY=\/.*\/keys\/own\.agekey\n/);
  });

  it("overwrites nothing, and uses a key that is there", async () => {
    const again = await slipway(["init", "infra"]);
    assert.equal(again.code, 1);
    assert.match(
      again.stderr,
      /^slipway: slipway.yaml is there already in .*\(and \d+ more\)\n {2}Nothing was written/,
    );
    const other = await slipway(["init", "other", "--fleet", "infra"]);
    assert.match(other.stdout, /The age key for secrets is the one in/);
    const third = await slipway(["init", "third", "--fleet", "infra", "--json"]);
    assertPublished("init", JSON.parse(third.stdout));
    const recipients = await Promise.all(
      ["infra", "other"].map((name) => readFile(join(dir, name, ".age-recipients"), "utf8")),
    );
    assert.equal(recipients[0], recipients[1]);
  });

  it("leaves the commit to whoever has a repository around it", async () => {
    const mono = join(dir, "mono");
    await mkdir(mono);
    await run("git", ["init", "-q"], { cwd: mono });
    const made = await slipway(["init", "deploy"], mono);
    assert.match(made.stdout, /Commit it: it is part of .*mono, and read with --path/);
    assert.equal((await readdir(join(mono, "deploy"))).includes(".git"), false);
    assert.equal((await slipway(["validate"], join(mono, "deploy"))).stdout, "no findings\n");
    assert.equal((await slipway(["validate", "--path", "deploy"], mono)).stdout, "no findings\n");
  });

  it("hints at another private address for each machine", async () => {
    await slipway(["init", "two", "--machine", "a=127.0.0.1:1", "--machine", "b=127.0.0.1:1"]);
    const hints = await Promise.all(
      ["a", "b"].map((name) => readFile(join(dir, "two", "machines", `${name}.yaml`), "utf8")),
    );
    assert.deepEqual(
      hints.map((text) => /# privateAddress: (\S+)/.exec(text)?.[1]),
      ["10.0.0.11", "10.0.0.12"],
    );
  });

  it("keeps the key out of the repo", async () => {
    const inside = await slipway(["init", "leaky", "--age-key", "leaky/key"]);
    assert.equal(inside.code, 1);
    assert.match(inside.stderr, /would be inside the repo/);
  });

  it("tells findings by place, and of every environment", async () => {
    const wrong = join(dir, "wrong");
    await slipway(["init", "wrong"]);
    await writeFile(join(wrong, "apps/hello/app.yaml"), "imagee: nginx\nmachines: all\n");
    await mkdir(join(wrong, "environments/staging/machines"), { recursive: true });
    await writeFile(join(wrong, "environments/staging/machines/web-1.yaml"), "adress: 10.0.0.1\n");
    const { code, stdout } = await slipway(["validate"], wrong);
    assert.equal(code, 1);
    assert.match(stdout, /^apps\/hello\/app.yaml:1:1: error: .*imagee.*did you mean 'image'/m);
    assert.match(
      stdout,
      /^environments\/staging\/machines\/web-1.yaml:1:1: error: .*adress.*did you mean 'address'/m,
    );
    assert.equal(stdout.match(/imagee/g)?.length, 1);
    assert.equal((await slipway(["validate", "--environment", "stagin"], wrong)).code, 1);
  });

  it("pins the host key that a server shows, and says which", async () => {
    const sshd = await startSshd();
    try {
      const { code, stdout, stderr } = await slipway([
        "init",
        "pinned",
        "--machine",
        `web-1=ada@127.0.0.1:${sshd.port}`,
        "--machine",
        "web-2=127.0.0.1:1",
      ]);
      assert.equal(code, 0, stderr);
      const file = await readFile(join(dir, "pinned/machines/web-1.yaml"), "utf8");
      assert(file.includes(`hostKey: ${sshd.hostKeys["ssh-ed25519"]}\n`), file);
      assert(file.includes(`ssh: { user: ada, port: ${sshd.port} }`), file);
      assert.match(stderr, /^web-1 shows the host key SHA256:\S+$/m);
      assert.match(stderr, /^web-2: no host key yet: .*connection refused/m);
      assert.match(stdout, /Pin a host key for web-2.*\n.*Compare the fingerprints/s);
      assert.equal((await slipway(["validate"], join(dir, "pinned"))).stdout, "no findings\n");
    } finally {
      await sshd.stop();
    }
  });
});

describe("--machine of init", () => {
  const cases: readonly (readonly [string, object])[] = [
    ["web-1=203.0.113.10", { name: "web-1", address: "203.0.113.10" }],
    ["web-1=host.example.com", { name: "web-1", address: "host.example.com" }],
    [
      "w=deploy@203.0.113.10:2222",
      { name: "w", address: "203.0.113.10", user: "deploy", port: 2222 },
    ],
    ["w=2001:db8::1", { name: "w", address: "2001:db8::1" }],
    ["w=root@[2001:db8::1]:22", { name: "w", address: "2001:db8::1", user: "root", port: 22 }],
  ];
  for (const [text, wanted] of cases)
    it(`reads ${text}`, () => assert.deepEqual(parseMachine(text), wanted));
  for (const text of [
    "web-1",
    "=1.2.3.4",
    "Web=1.2.3.4",
    "w=",
    "w=a b",
    "-w=1.2.3.4",
    "w=1.2.3.4:99999",
    "w=a@b@c",
  ]) {
    it(`refuses ${text}`, () => assert.throws(() => parseMachine(text), UserError));
  }
});
