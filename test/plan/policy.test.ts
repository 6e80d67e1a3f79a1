import assert from "node:assert/strict";
import { test } from "node:test";
import { policiesOf } from "../../src/plan/policy.ts";
import { documentsOf, repo } from "../load/repos.ts";

const batchOf = async (batch: string, machines: number): Promise<number | undefined> => {
  const names = Array.from({ length: machines }, (_, i) => `m${i}`);
  const files = names.map((name, i) => [`machines/${name}.yaml`, `address: 10.1.0.${i}\n`]);
  const text = `image: shop:1\nmachines: [${names.join(", ")}]\ndeploy: { batch: ${batch} }\n`;
  const documents = await documentsOf(
    repo({ ...Object.fromEntries(files), "apps/shop.yaml": text }),
  );
  return policiesOf([...documents.apps.values()]).get("shop")?.batch;
};

const cases: readonly (readonly [batch: string, machines: number, wanted: number])[] = [
  ["3", 9, 3],
  ["25%", 8, 2],
  ["25%", 7, 1],
  ["1%", 9, 1],
  ["100%", 9, 9],
];

for (const [batch, machines, wanted] of cases) {
  test(`a batch of ${batch} on ${machines} machines is ${wanted}`, async () => {
    assert.equal(await batchOf(batch, machines), wanted);
  });
}
