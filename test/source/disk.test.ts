import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { diskSnapshot } from "../../src/source/local/disk.ts";
import { SourceError } from "../../src/source/source.ts";
import { usualLimits } from "../../src/source/snapshot.ts";

describe("the files as they stand in a folder", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "slipway-disk-"));
    execFileSync("git", ["init", "-q", dir]);
    const files = {
      ".gitignore": "*.log\n/build/\n!keep.log\n",
      "slipway.yaml": "fleet: acme\n",
      "apps/shop/app.yaml": "image: shop\n",
      "apps/shop/run.sh": "#!/bin/sh\n",
      "apps/shop/.gitignore": "secret\n",
      "apps/shop/secret": "ignored\n",
      "apps/shop/debug.log": "ignored\n",
      "apps/shop/keep.log": "kept\n",
      "build/out": "ignored\n",
      "apps/build/out": "kept\n",
      "nested/.git/HEAD": "ref: refs/heads/main\n",
      "nested/file": "of another repository\n",
    };
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    await chmod(join(dir, "apps/shop/run.sh"), 0o755);
    await symlink("/etc", join(dir, "apps/shop/etc"));
    await symlink("../../slipway.yaml", join(dir, "apps/shop/link"));
    execFileSync("mkfifo", [join(dir, "apps/pipe")]);
  });
  after(async () => await rm(dir, { recursive: true, force: true }));

  const listed = (snapshot: Snapshot) =>
    snapshot.entries.map(({ path, type }) => `${type} ${path}`);

  it("are what would be committed", async () => {
    assert.deepEqual(listed(await diskSnapshot(dir, "", "r")), [
      "file .gitignore",
      "file apps/build/out",
      "file apps/shop/.gitignore",
      "file apps/shop/app.yaml",
      "symlink apps/shop/etc",
      "file apps/shop/keep.log",
      "symlink apps/shop/link",
      "executable apps/shop/run.sh",
      "submodule nested",
      "file slipway.yaml",
    ]);
  });

  it("are read when they are asked for, and bounded", async () => {
    const snapshot = await diskSnapshot(dir, "apps", "r");
    assert.deepEqual(listed(snapshot).at(0), "file build/out");
    const file = snapshot.entries.find(({ path }) => path === "shop/app.yaml")!;
    assert.equal(Buffer.from(await snapshot.read(file.blob, 100)).toString(), "image: shop\n");
    await assert.rejects(
      snapshot.read(file.blob, 5),
      (error) => error instanceof SourceError && error.trouble === "too-large",
    );
    const link = snapshot.entries.find(({ path }) => path === "shop/etc")!;
    await assert.rejects(snapshot.read(link.blob, 1_000_000));
  });

  it("have ids that tell one content from another", async () => {
    const id = async () =>
      (await diskSnapshot(dir, "", "r")).entries.find(({ path }) => path === "slipway.yaml")!.blob;
    const before = await id();
    assert.equal(await id(), before);
    await writeFile(join(dir, "slipway.yaml"), "fleet: other\n");
    assert.notEqual(await id(), before);
  });

  it("are cut off at a limit, and say so", async () => {
    const some = await diskSnapshot(dir, "", "r", { ...usualLimits, maxEntries: 5 });
    assert.match(some.truncated ?? "", /more than 5 files and folders/);
    const flat = await diskSnapshot(dir, "", "r", { ...usualLimits, maxDepth: 1 });
    assert.match(flat.truncated ?? "", /nested more than 1 deep/);
  });

  it("are not those of a folder that is not there, or outside", async () => {
    await assert.rejects(diskSnapshot(dir, "none", "r"), SourceError);
    await assert.rejects(diskSnapshot(dir, "../..", "r"), SourceError);
    await assert.rejects(diskSnapshot(dir, "apps/shop/etc", "r"), SourceError);
  });
});
