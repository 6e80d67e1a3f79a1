import { chmod, copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Stage } from "../test/support/stage.ts";

const exampleKey = fileURLToPath(new URL("example.agekey", import.meta.url));

/** The example's key as a controller has its own: where only its user can read it. */
export async function keyFile(stage: Stage): Promise<string> {
  const file = join(stage.clone, "..", "example.agekey");
  await copyFile(exampleKey, file);
  await chmod(file, 0o600);
  return file;
}

/** Ids of all running containers, by app. */
export async function running(stage: Stage): Promise<ReadonlyMap<string, string>> {
  const format = '{{.Label "slipway.app"}} {{.ID}}';
  const ids = new Map<string, string>();
  for (const machine of Object.values(stage.fleet.machines))
    for (const line of (await machine.docker(["ps", "--format", format])).trim().split("\n")) {
      const [app = "", id = ""] = line.split(" ");
      ids.set(app, `${ids.get(app) ?? ""} ${id}`);
    }
  return ids;
}
