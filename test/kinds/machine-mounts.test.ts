import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { seen } from "../../src/kinds/machine/mounts/scripts.ts";

describe("what is mounted is the declared device", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-mounts-"));
    for (const [name, text] of [
      [
        "lsblk",
        `case $4 in ${folder}/sdb) echo "  8:16" ;; ${folder}/sdc) echo "  8:32" ;; *) exit 1 ;; esac`,
      ],
      ["blkid", "echo some"],
    ] as const) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    for (const device of ["sdb", "sdc"]) writeFileSync(join(folder, device), "");
  });
  after(() => rmSync(folder, { recursive: true }));

  /** As the kernel lists it: files stand for devices. */
  const told = (mountinfo: string): readonly string[] => {
    const list = join(folder, "mountinfo");
    writeFileSync(list, `22 1 8:1 / / rw - ext4 /dev/sda1 rw\n${mountinfo}\n`);
    const script = seen.replaceAll("/proc/self/mountinfo", list).replace("[ -b ", "[ -f ");
    const argv = ["-c", script, "sh", "# mark", join(folder, "formatting"), `/data ${folder}/sdb`];
    const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
    const lines = execFileSync("sh", argv, { env, encoding: "utf8" }).split("\n");
    return lines.filter((line) => /^(?:it|other)\b/.test(line));
  };

  for (const [says, mountinfo, wanted] of [
    ["by its number", "36 22 8:16 / /data rw,noatime shared:1 - ext4 SDB rw", ["it rw,noatime"]],
    ["or is another", "36 22 8:32 / /data rw - ext4 SDC rw", ["other"]],
    [
      "by its name where the filesystem has a number of its own, as that of btrfs",
      "36 22 0:115 / /data rw,relatime - btrfs SDB rw,subvol=/",
      ["it rw,relatime"],
    ],
    [
      "the same with marks between",
      "36 22 0:115 / /data rw shared:7 master:2 - btrfs SDB rw",
      ["it rw"],
    ],
    ["or is another by its name", "36 22 0:115 / /data rw - btrfs SDC rw", ["other"]],
    ["or is none", "36 22 0:50 / /data rw - tmpfs tmpfs rw", ["other"]],
  ] as const)
    test(says, () => {
      const text = mountinfo.replace("SDB", `${folder}/sdb`).replace("SDC", `${folder}/sdc`);
      assert.deepEqual(told(text), wanted);
    });
});
