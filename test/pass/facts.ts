import type { Applied, ChangeFailure } from "../../src/apply/applied.ts";
import { StepFailure, type Blame } from "../../src/apply/failure.ts";
import { noDisruption, type Change } from "../../src/model/change.ts";
import type { Mark } from "../../src/model/inventory.ts";
import type { Evidence, Trouble } from "../../src/model/outcome.ts";
import type { Plan, Turn } from "../../src/model/plan.ts";
import type { FamilyFacts, JudgeInput } from "../../src/pass/judge.ts";

/** Revisions as long as git's: `rev("2")` is 2222…. */
export const rev = (digit: string): string => digit.repeat(40);

export const mark = (revision: string, reason = "not healthy in 60 s"): Mark => ({
  revision,
  inputDigest: "i",
  imageDigest: "d",
  reason,
  at: "2026-01-01T00:00:00.000Z",
});

export function changeOf(family: string | undefined, machine = "web-1"): Change {
  const app = family === undefined ? {} : { app: family, family };
  return {
    action: "replace",
    reason: { code: "image-changed", text: "another image" },
    fields: [],
    disruption: noDisruption,
    address:
      family === undefined
        ? `machine/${machine}/names`
        : `machine/${machine}/app/${family}/container/1`,
    kind: family === undefined ? "machine/names" : "app/container",
    machine,
    name: "1",
    steps: [],
    ...app,
  };
}

export const failureOf = (
  family: string | undefined,
  blame: Blame,
  message: string,
  more: { trouble?: Trouble["class"]; evidence?: Evidence } = {},
): ChangeFailure => ({
  change: changeOf(family),
  failure: new StepFailure(blame, message, more),
});

export const evidence: Evidence = {
  machine: "web-1",
  container: "acme-shop-1-new",
  probe: "connection refused",
};

export function planOf(open: readonly Change[] = [], more: Partial<Plan> = {}): Plan {
  const turns: readonly Turn[] = open.map((change) => ({
    machine: change.machine,
    changes: [change],
  }));
  return {
    revision: rev("3"),
    settings: [],
    groundTrials: [],
    trials: [],
    lastTrials: [],
    machines: turns,
    rollouts: [],
    cleanup: [],
    afterwards: [],
    reboots: [],
    held: [],
    unknown: [],
    awaiting: [],
    ...more,
  };
}

export const appliedOf = (more: Partial<Applied> = {}): Applied => ({
  done: [],
  failures: [],
  late: [],
  sightings: [],
  waiting: new Map(),
  ...more,
});

export const factsOf = (family: string, more: Partial<FamilyFacts> = {}): FamilyFacts => ({
  family,
  machines: ["web-1"],
  imageDigests: [`registry.example.com/${family}@sha256:${"ab".repeat(32)}`],
  decision: { state: "go" },
  ...more,
});

export const inputOf = (more: Partial<JudgeInput> = {}): JudgeInput => ({
  revision: rev("3"),
  families: [factsOf("shop")],
  last: planOf(),
  applied: [],
  observed: [],
  unresolved: new Map(),
  ...more,
});
