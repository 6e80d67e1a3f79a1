import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { swap } from "../../src/kinds/machine/swap.ts";
import { facts } from "../support/converge.ts";
import { difference } from "../../src/kinds/shared/difference.ts";

const MiB = 1024 * 1024;

describe("a file that a machine swaps to", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-swap-"));
    writeFileSync(join(folder, "mkswap"), "#!/bin/sh\n");
    chmodSync(join(folder, "mkswap"), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Makes one of so many MiB in the place of another, where so many are free beside that. */
  const make = (size: number, former: number, free: number) => {
    const root = join(folder, "root");
    spawnSync("mkdir", [root]);
    writeFileSync(join(root, "swap"), Buffer.alloc(former * MiB));
    // What the former takes is free once it has gone.
    const df = `#!/bin/sh\necho 'Filesystem 1024-blocks Used Available Capacity Mounted on'\nleft=$((${free} * 1024))\n[ -e ${root}/swap ] || left=$((left + ${former} * 1024))\necho "/dev/sda1 9 9 $left 1% /"\n`;
    writeFileSync(join(folder, "df"), df);
    chmodSync(join(folder, "df"), 0o755);
    const have = { bytes: former * MiB, isOn: false, isAtBoot: true };
    const chosen = {
      want: { bytes: size * MiB },
      have,
      difference: difference("update", "changed", ""),
    };
    const [step] = swap.apply(chosen, { ...facts, root });
    assert.ok(step?.do === "run");
    const [command = "", ...argv] = step.argv;
    const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
    const { status, stderr } = spawnSync(command, argv, { env, encoding: "utf8" });
    const path = join(root, "swap");
    return {
      status,
      stderr,
      left: existsSync(path) ? statSync(path).size / MiB : 0,
      files: readdirSync(root),
    };
  };

  test("takes the place of another, whose room it gets", () => {
    assert.deepEqual(make(3, 2, 257), { status: 0, stderr: "", left: 3, files: ["swap"] });
  });

  test("leaves the one that is there where there is no room for it", () => {
    const { status, stderr, left, files } = make(3, 2, 256);
    assert.equal(status, 1);
    assert.match(stderr, /no space left on device for it: 264192 KiB would be free/);
    assert.deepEqual([left, files], [2, ["swap"]]);
  });
});
