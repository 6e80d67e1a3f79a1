import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";

const folder = fileURLToPath(new URL("../../schemas", import.meta.url));
const inputs = ["app", "machine", "slipway"].map((name) => `${name}.schema.json`);

/** Holds what a command printed with --json to its published schema, `plan` for schemas/plan.schema.json. */
export function assertPublished(name: string, document: unknown): void {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  for (const file of globSync("*.schema.json", { cwd: folder }).filter(
    (one) => !inputs.includes(one),
  ))
    ajv.addSchema(JSON.parse(readFileSync(join(folder, file), "utf8")) as object);
  const validate = ajv.getSchema(`${name}.schema.json`);
  assert(validate !== undefined, `schemas/${name}.schema.json`);
  void validate(document);
  const errors = (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message ?? ""}`);
  assert.deepEqual(errors, [], name);
}
