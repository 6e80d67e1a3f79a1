import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { lackingIn, type Lock } from "../../tools/complete-lock.ts";

test("package-lock.json has every platform's packages; else: node tools/complete-lock.ts", async () => {
  const file = new URL("../../package-lock.json", import.meta.url);
  assert.deepEqual(lackingIn(JSON.parse(await readFile(file, "utf8")) as Lock), []);
});

test("what is added tells npm where it does not belong", () => {
  const names = [
    "a-linux-arm64-musl",
    "@b/b-linux-x64-gnu",
    "c-linux-arm-gnueabihf",
    "d-win32-x64-msvc",
    "e",
  ];
  const lock = {
    packages: {
      "": { version: "1.0.0" },
      "node_modules/all": {
        version: "2.0.0",
        dev: true,
        optionalDependencies: Object.fromEntries(names.map((name) => [name, "2.0.0"])),
      },
      "node_modules/e": { version: "2.0.0" },
    },
  };
  const common = { version: "2.0.0", dev: true, optional: true };
  assert.deepEqual(lackingIn(lock), [
    [
      "node_modules/a-linux-arm64-musl",
      { ...common, os: ["linux"], cpu: ["arm64"], libc: ["musl"] },
    ],
    [
      "node_modules/@b/b-linux-x64-gnu",
      { ...common, os: ["linux"], cpu: ["x64"], libc: ["glibc"] },
    ],
    ["node_modules/c-linux-arm-gnueabihf", { ...common, os: ["linux"], cpu: ["arm"] }],
    ["node_modules/d-win32-x64-msvc", { ...common, os: ["win32"], cpu: ["x64"] }],
  ]);
});
