import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runCli } from "../../src/cli/program.ts";
import type { Fleet } from "../../src/remote/session.ts";
import { makeInfra, type Infra } from "../support/infra.ts";
import { assertPublished } from "../support/published.ts";
import { noParts, recordedIo } from "./screen.ts";

/** A fleet without a machine: nobody is asked. */
const parts = {
  ...noParts,
  openFleet: () =>
    Promise.resolve({
      session: () => Promise.reject(new Error("no machine may be asked")),
      close: () => Promise.resolve(),
    } as unknown as Fleet),
};

describe("what is not committed", () => {
  let infra: Infra;
  let home: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), "slipway-uncommitted-"));
    infra = await makeInfra();
    await infra.commit("Start", { "slipway.yaml": "fleet: acme\n", "notes.txt": "a\n" });
  });
  after(async () => {
    await Promise.all([infra.close(), rm(home, { recursive: true, force: true })]);
  });

  const run = async (...argv: string[]) => {
    const io = recordedIo({ cwd: infra.repo, home, env: { SLIPWAY_STATE: join(home, "state") } });
    const code = await runCli(argv, io, parts);
    return { code, ...io.said() };
  };

  it("is nothing to warn of in a clean work tree, nor are files of others", async () => {
    await writeFile(join(infra.repo, "notes.txt"), "b\n");
    for (const command of ["plan", "reconcile"]) {
      const ran = await run(command);
      assert.equal(ran.code, 0, ran.err);
      assert.doesNotMatch(ran.err, /uncommitted/, command);
    }
  });

  it("is warned of on stderr, and only there", async () => {
    await mkdir(join(infra.repo, "environments", "stg"), { recursive: true });
    await writeFile(join(infra.repo, "environments", "stg", "slipway.yaml"), "defaults: {}\n");
    await writeFile(join(infra.repo, "slipway.yaml"), "fleet: acme\ndefaults: {}\n");
    const warning =
      "slipway: warning: uncommitted changes are not part of this: slipway.yaml and environments/\n";
    for (const command of ["plan", "reconcile"]) {
      const ran = await run(command);
      assert(ran.err.includes(warning), `${command}: ${ran.err}`);
      assert.doesNotMatch(ran.out, /uncommitted/);
    }
    const { out, err } = await run("plan", "--json");
    assertPublished("plan", JSON.parse(out));
    assert(err.includes(warning), err);
  });

  it("is not warned of where a revision is named, or the working tree itself is planned", async () => {
    for (const argv of [
      ["plan", "--revision", "HEAD"],
      ["plan", "--working-tree"],
    ]) {
      const ran = await run(...argv);
      assert.equal(ran.code, 0, ran.err);
      assert.doesNotMatch(ran.err, /uncommitted/, argv.join(" "));
    }
  });

  it("is said to be planned where it is", async () => {
    const head = (await infra.git("rev-parse", "HEAD")).trim();
    const text = await run("plan", "--working-tree");
    assert.match(text.out, new RegExp(`^Plan for the working tree on ${head.slice(0, 8)}: `));
    const markdown = await run("plan", "--working-tree", "--markdown");
    assert(markdown.out.includes(`For the working tree on ${head}.`));
    const json = JSON.parse((await run("plan", "--working-tree", "--json")).out) as object;
    assert.deepEqual(
      [Reflect.get(json, "workingTree"), Reflect.get(json, "revision")],
      [true, head],
    );
    assert.match((await run("plan")).out, new RegExp(`^Plan for ${head.slice(0, 8)}: `));
  });

  it("an app to retry has to be one", async () => {
    await infra.commit("An app", {
      "apps/shop.yaml": "image: shop:1\nhealth: off\nmachines: all\n",
      "machines/web-1.yaml": "address: 203.0.113.1\n",
    });
    const ran = await run("reconcile", "--retry", "shpo");
    assert.equal(ran.code, 1);
    assert.match(ran.err, /slipway: there is no app 'shpo' \(did you mean 'shop'\?\)/);
  });

  it("the followed branch is no branch for a pull request", async () => {
    const ran = await run("rollback", "--branch-only", "main", "--yes");
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^slipway: --branch-only main names the branch that is deployed\n/);
  });
});
