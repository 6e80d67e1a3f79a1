import assert from "node:assert/strict";
import { test } from "node:test";
import { StepFailure } from "../../src/apply/failure.ts";
import type { Change } from "../../src/model/change.ts";
import type { Issuer } from "../../src/model/issuer.ts";
import type { Plan } from "../../src/model/plan.ts";
import { lateOf, withoutPutOff } from "../../src/pass/late.ts";
import { hasNews, machinesOf } from "../../src/pass/news.ts";

const certifying = (machine: string, host: string, code = "stand-in"): Change => ({
  address: `machine/${machine}/certification/${host}`,
  kind: "machine/certification",
  machine,
  name: host,
  action: "update",
  reason: { code, text: "" },
  fields: [],
  disruption: { kind: "none" },
  steps: [
    {
      do: "certify",
      by: "authority",
      hosts: [host],
      authority: { directory: "https://ca.example/dir" },
      machines: ["web-1", "web-2"],
      answers: { socket: "", map: "" },
      elsewhere: [],
      meanwhile: "a self-signed one stands in",
      path: "",
      timeoutMs: 1,
    },
  ],
});

const planOf = (...changes: readonly Change[]): Plan => ({
  revision: "r",
  settings: [],
  groundTrials: [],
  trials: [],
  lastTrials: [],
  machines: [],
  rollouts: [],
  cleanup: [],
  afterwards: changes.map((change) => ({ machine: change.machine, changes: [change] })),
  reboots: [],
  held: [],
  unknown: [],
  awaiting: [],
});

/** Who leaves the authority alone for the host `a.test`. */
const issuer = {
  putOff: ({ hosts }: { readonly hosts: readonly string[] }) =>
    hosts[0] === "a.test" ? { trouble: "ca.example: closed; tried again from 01:30" } : undefined,
} as unknown as Issuer;

const text =
  "certificate for a.test not issued yet: ca.example: closed; tried again from 01:30; a self-signed one stands in";

test("what asks for a certificate needs all machines that answer for it", () => {
  const plan = planOf(certifying("web-1", "a.test"));
  assert.deepEqual(machinesOf(plan), ["web-1", "web-2"]);
  assert.deepEqual(
    machinesOf(plan, () => false),
    ["web-1"],
  );
});

test("an authority that is left alone is no news, and is told", () => {
  const both = planOf(certifying("web-1", "a.test"), certifying("web-2", "a.test"));
  const { plan, putOff } = withoutPutOff({ plan: both }, issuer);
  assert.equal(hasNews(plan, new Set()), false);
  assert.deepEqual(lateOf(putOff, []), { notices: [text], troubles: [] });
  const other = withoutPutOff({ plan: planOf(certifying("web-1", "b.test")) }, issuer);
  assert.equal(hasNews(other.plan, new Set()), true);
  assert.deepEqual(lateOf(other.putOff, []), { notices: [], troubles: [] });
  assert.equal(hasNews(withoutPutOff({ plan: both }, undefined).plan, new Set()), true);
});

test("what was just tried is told once with what is put off since", () => {
  const change = certifying("web-1", "a.test");
  const { putOff } = withoutPutOff({ plan: planOf(change) }, issuer);
  const failure = new StepFailure("machine", text, { trouble: "certificate" });
  const round = { done: [], failures: [], sightings: [], waiting: new Map() };
  const applied = [
    { ...round, late: [{ change, failure }] },
    { ...round, late: [] },
  ];
  assert.deepEqual(lateOf(putOff, applied).notices, [text]);
});

for (const code of ["ended", "ending"])
  test(`a certificate that cannot stay as it is is trouble: ${code}`, () => {
    const plan = planOf(certifying("web-1", "a.test", code), certifying("web-2", "a.test", code));
    const { putOff } = withoutPutOff({ plan }, issuer);
    const troubles = [{ machine: "web-2", class: "certificate", text }];
    assert.deepEqual(lateOf(putOff, []), { notices: [], troubles });
  });
