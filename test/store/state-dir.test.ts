import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { defaultStateDir, openStateDir } from "../../src/store/state-dir.ts";

suite("the state directory", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-state-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test("stands where XDG says, one for each repo, folder and environment; a token in the URL makes no difference", () => {
    const at = (repo: string, more: { path?: string; environment?: string } = {}): string =>
      defaultStateDir({ HOME: "/home/ada" }, { repo, ...more });
    assert.match(
      at("https://git.example.com/infra"),
      /^\/home\/ada\/\.local\/state\/slipway\/[0-9a-f]{16}$/,
    );
    assert.equal(
      at("https://bot:t0ken@git.example.com/infra/"),
      at("https://git.example.com/infra"),
    );
    const all = [
      at("https://git.example.com/infra"),
      at("https://git.example.com/other"),
      at("/srv/infra"),
      at("/srv/infra", { path: "fleet" }),
      at("/srv/infra", { environment: "staging" }),
    ];
    assert.equal(new Set(all).size, all.length);
    assert.match(at("/srv/infra", { environment: "staging" }), /-staging$/);
    const xdg = (value: string): string =>
      defaultStateDir({ HOME: "/home/ada", XDG_STATE_HOME: value }, { repo: "/r" });
    assert.match(xdg("/var/state"), /^\/var\/state\/slipway\//);
    assert.match(xdg("relative"), /^\/home\/ada\/\.local\/state/);
  });

  test("is its owner's alone, also when it was there before", async () => {
    const path = join(folder, "a/b");
    await openStateDir(path);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    await chmod(path, 0o755);
    const state = await openStateDir(path);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    assert.equal((await stat(await state.folder("cache"))).mode & 0o777, 0o700);
    await state.file("outbox.json", 1000).write({ kept: true });
    assert.deepEqual(await (await openStateDir(path)).file("outbox.json", 1000).read(), {
      value: { kept: true },
    });
  });

  test("says what is wrong with one that cannot be used", async () => {
    await writeFile(join(folder, "file"), "");
    await assert.rejects(openStateDir(join(folder, "file")), {
      name: "StateError",
      message: /cannot be used \(EEXIST\).*--state/,
    });
    await mkdir(join(folder, "dir"));
    const state = await openStateDir(join(folder, "dir"));
    assert.throws(() => state.file("../escape", 10), TypeError);
  });
});
