import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFiles } from "./compiled.ts";

const specOf = async (packages: string): Promise<unknown> => {
  const { resources } = await compileFiles({
    "machines/web-1.yaml": `address: 10.0.0.11\nupdates: security\n${packages}`,
  });
  return resources.find(({ kind }) => kind === "machine/updates")?.spec;
};

test("updates know the packages that are pinned, in whatever order they are declared", async () => {
  assert.deepEqual(await specOf("packages: [nginx=1.24, htop, g++=12]\n"), {
    updates: "security",
    pinned: ["g++", "nginx"],
  });
  assert.deepEqual(await specOf("packages: [htop]\n"), { updates: "security" });
});
