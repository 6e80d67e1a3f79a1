import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppDocument, Documents } from "../../src/model/documents.ts";
import type { Change } from "../../src/model/change.ts";
import type { Resource } from "../../src/model/resource.ts";
import { declaredAt } from "../../src/pass/declared.ts";
import { changeOf } from "./facts.ts";

const at = (line: number) => ({ file: "apps/shop/app.yaml", line, col: 1 });

const resource = (kind: string, app: string, name: string, line: number, spec: unknown = {}) => {
  const noun = kind.slice("app/".length);
  const address = `machine/web-1/app/${app}/${noun}/${name}`;
  return { address, kind, machine: "web-1", app, family: "shop", name, spec, where: at(line) };
};

const apps = ["shop", "shop-worker"].map((name) => ({
  name,
  family: "shop",
  fields: { secrets: ["PASSWORD", { KEY: { secret: "KEY", as: "file" } }] },
  perMachine: new Map(),
  secrets: new Map(["PASSWORD", "KEY"].map((key) => [key, { name: key, id: key }])),
  at: () => at(1),
})) as unknown as readonly AppDocument[];

const look = {
  apps,
  resources: [
    resource("app/volume", "shop", "data", 41),
    resource("app/files", "shop", "etc/one", 45, { entries: [{ content: { blob: "b1" } }] }),
    resource("app/container", "shop", "1", 3),
    resource("app/container", "shop-worker", "1", 9),
  ] satisfies readonly Resource[],
};
const documents = {
  machines: new Map([["web-1", { at: () => ({ file: "machines/web-1.yaml", line: 1, col: 1 }) }]]),
} as unknown as Documents;

const cases: readonly (readonly [address: string, said: string | undefined])[] = [
  ["app/shop", "apps/shop/app.yaml file"],
  ["app/shop-worker", "apps/shop/app.yaml file"],
  ["app/shop/container/1", "apps/shop/app.yaml file"],
  ["machine/web-1/app/shop/container/1", "apps/shop/app.yaml file"],
  ["machine/web-1/app/shop/volume/data", "apps/shop/app.yaml 41"],
  ["machine/web-1/app/shop/files/etc/one", "apps/shop/app.yaml 45 b1"],
  ["app/shop/volume", "apps/shop/app.yaml 41"],
  ["machine/web-1", "machines/web-1.yaml file"],
  ["machine/web-1/names", undefined],
];

for (const [address, said] of cases) {
  test(`${address} is declared at ${said ?? "no place"}`, () => {
    const found = declaredAt(look, documents, [], address);
    const place = found && [found.by === "file" ? "file" : found.where.line, ...found.blobs];
    assert.equal(found && `${found.where.file} ${place?.join(" ")}`, said);
  });
}

test("of a change it is its line, unless something was taken away or ships from beside it", () => {
  const change = (path: string, declared?: string): Change => ({
    ...changeOf("shop"),
    reason: { code: "spec-changed", text: "", where: at(7) },
    fields: [{ path, ...(declared === undefined ? {} : { declared }) }],
  });
  const by = (planned: Change) => declaredAt(look, documents, [planned], "app/shop")?.by;
  assert.deepEqual(
    [by(change("env.A", "1")), by(change("env.A")), by(change("files./etc/one", "x"))],
    ["line", "file", "file"],
  );
});

test("of a change it is also the secrets that it is about", () => {
  const secretsOf = (...paths: readonly string[]) => {
    const fields = paths.map((path) => ({ path, declared: "x" }));
    const reason = { code: "spec-changed", text: "", where: at(7) };
    const change: Change = { ...changeOf("shop"), reason, fields };
    return declaredAt(look, documents, [change], "app/shop")?.secrets.map(({ name }) => name);
  };
  assert.deepEqual(secretsOf("env.LEVEL", "image"), []);
  assert.deepEqual(secretsOf("env.PASSWORD"), ["PASSWORD"]);
  assert.deepEqual(secretsOf("files./run/secrets/KEY", "env.PASSWORD"), ["KEY", "PASSWORD"]);
});
