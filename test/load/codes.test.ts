import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { findingCodes, openingCodes, type FindingCode } from "../../src/load/codes.ts";
import { formatDiagnostic } from "../../src/model/diagnostic.ts";
import { cases } from "./cases.ts";
import { findingsOf } from "./repos.ts";

const docs = readFileSync(new URL("../../docs/findings.md", import.meta.url), "utf8");

/** Code → its example in docs/findings.md. */
const documented = new Map(
  [...docs.matchAll(/^### `(.+)`\n.+\n```\n(.+)\n```$/gm)].map((match) => [
    match[1] ?? "",
    match[2] ?? "",
  ]),
);

test("docs/findings.md lists every code, in the order of the code", () => {
  assert.deepEqual([...documented.keys()], [...Object.keys(findingCodes), ...openingCodes]);
});

for (const code of Object.keys(findingCodes) as FindingCode[]) {
  test(`${code} is found, as docs/findings.md shows it`, async () => {
    const findings = await findingsOf(cases[code]);
    const finding = findings.find((one) => one.code === code);
    assert.ok(finding, findings.map(formatDiagnostic).join("\n"));
    assert.equal(finding.severity, findingCodes[code]);
    assert.equal(formatDiagnostic(finding), documented.get(code));
    assert.match(code, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  });
}

test("no other finding stands in the way of the one that a case is about", async () => {
  const alone = Object.entries(cases).filter(
    ([code]) => !["too-many-findings", "flat-app-ships-yaml"].includes(code),
  );
  for (const [code, one] of alone) {
    const findings = await findingsOf(one);
    assert.deepEqual(
      findings.map((finding) => finding.code),
      [code],
    );
  }
});
