import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { lockState } from "../../src/store/process-lock.ts";
import { openStateDir } from "../../src/store/state-dir.ts";

const program = `
  import { lockState } from ${JSON.stringify(new URL("../../src/store/process-lock.ts", import.meta.url).href)};
  import { openStateDir } from ${JSON.stringify(new URL("../../src/store/state-dir.ts", import.meta.url).href)};
  const lock = await lockState(await openStateDir(process.argv[1]));
  console.log("held");
  setTimeout(() => lock.release(), 600_000);
`;

suite("the lock of a state directory", () => {
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-lock-"));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  });

  const holder = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    assert.equal(said.toString(), "held\n");
    return child;
  };

  test("another process is refused at once, and told who holds it", async () => {
    const child = await holder();
    const state = await openStateDir(folder);
    await assert.rejects(lockState(state), {
      name: "StateError",
      message: new RegExp(`in use by another slipway .*pid ${child.pid} `),
    });
    assert.equal(child.exitCode, null, "while it is held");
  });

  test("SIGKILL frees it at once", async () => {
    const child = await holder();
    child.kill("SIGKILL");
    await once(child, "exit");
    const lock = await lockState(await openStateDir(folder));
    await assert.rejects(lockState(await openStateDir(folder)), { name: "StateError" });
    lock.release();
    (await lockState(await openStateDir(folder))).release();
  });

  test("a lock file that is something else is said, not taken", async () => {
    await writeFile(join(folder, "lock"), "not a database ".repeat(100));
    await assert.rejects(lockState(await openStateDir(folder)), {
      name: "StateError",
      message: /cannot be locked/,
    });
  });
});
