import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, suite, test } from "node:test";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import {
  findingsDocument,
  historyDocument,
  jsonText,
  planDocument,
} from "../../src/report/json.ts";
import * as arbitrary from "./arbitrary.ts";
import { applied, emptyPlan, plan, rejected, reverted, status } from "./data.ts";

const names = ["plan", "outcome", "history", "status", "findings"] as const;

suite("JSON documents", () => {
  const validators = new Map<string, ValidateFunction>();
  before(async () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
    for (const name of names) {
      const text = await readFile(
        new URL(`../../schemas/${name}.schema.json`, import.meta.url),
        "utf8",
      );
      ajv.addSchema(JSON.parse(text) as object);
    }
    for (const name of names) validators.set(name, ajv.getSchema(`${name}.schema.json`)!);
  });

  const errorsOf = (name: (typeof names)[number], document: object): readonly string[] => {
    const validate = validators.get(name)!;
    validate(JSON.parse(jsonText(document)));
    return (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message ?? ""}`);
  };

  const examples: readonly [(typeof names)[number], string, object][] = [
    ["plan", "plan", planDocument(plan)],
    [
      "plan",
      "a plan that may not fit",
      planDocument(plan, {
        shortages: [
          { machine: "web-1", of: "memory", declared: 12, total: 8 },
          { machine: "web-1", of: "disk", declared: 9, total: 8, for: ["swap"], unknown: [] },
        ],
      }),
    ],
    ["plan", "an empty plan", planDocument(emptyPlan)],
    ["outcome", "applied", applied],
    ["outcome", "reverted", reverted],
    ["outcome", "rejected", rejected],
    ["history", "history", historyDocument([applied, reverted, rejected])],
    ["status", "status", status],
    ["findings", "no findings", findingsDocument([])],
  ];
  for (const [schema, name, document] of examples) {
    test(`${name} is as its schema says`, () => assert.deepEqual(errorsOf(schema, document), []));
  }

  const documents: readonly [(typeof names)[number], fc.Arbitrary<object>][] = [
    ["plan", arbitrary.plan.map(planDocument)],
    ["outcome", arbitrary.outcome],
    ["history", fc.array(arbitrary.outcome, { maxLength: 2 }).map(historyDocument)],
    ["status", arbitrary.status],
    ["findings", arbitrary.findings.map(findingsDocument)],
  ];
  for (const [schema, of] of documents) {
    test(`whatever its type allows, ${schema} is as its schema says`, () => {
      fc.assert(
        fc.property(of, (document) => assert.deepEqual(errorsOf(schema, document), [])),
        { numRuns: 60 },
      );
    });
    test(`no member of ${schema} may be missing or strange`, () => {
      fc.assert(
        fc.property(of, (document) => {
          assert.notDeepEqual(errorsOf(schema, { ...document, strange: 1 }), []);
          assert.notDeepEqual(errorsOf(schema, { ...document, version: 2 }), []);
        }),
        { numRuns: 10 },
      );
    });
  }

  test("text that a terminal obeys is escaped and comes back as it was", () => {
    fc.assert(
      fc.property(arbitrary.text, (text) => {
        const printed = jsonText({ text: text.toWellFormed() });
        assert.equal((JSON.parse(printed) as { text: string }).text, text.toWellFormed());
      }),
    );
  });

  test("the plan keeps to its published shape", () => {
    const document = planDocument(plan);
    assert.deepEqual(document.summary, {
      changes: 12,
      create: 2,
      update: 4,
      replace: 4,
      delete: 1,
      run: 1,
      held: 2,
      unknown: 3,
      awaiting: 1,
    });
    assert.deepEqual(
      document.changes.find((c) => c.action === "replace"),
      {
        action: "replace",
        address: "machine/web-1/app/shop/container/1",
        kind: "app/container",
        machine: "web-1",
        app: "shop",
        reason: { code: "differs", text: "the image differs", file: "apps/shop/app.yaml", line: 2 },
        fields: [
          {
            path: "image",
            declared: "registry.example.com/shop:1.4.2",
            live: "registry.example.com/shop:1.4.1",
          },
          { path: "env.LOG_LEVEL", declared: "debug", live: null },
        ],
        disruption: { kind: "none" },
      },
    );
  });
});
