import fc from "fast-check";
import { changeOf } from "../support/changes.ts";
import type { Json } from "../../src/lib/json.ts";
import type { Change } from "../../src/model/change.ts";
import type { Diagnostic } from "../../src/model/diagnostic.ts";
import type { Event } from "../../src/model/events.ts";
import type {
  AppOutcome,
  Evidence,
  RevisionOutcome,
  SwitchSeen,
  Trouble,
} from "../../src/model/outcome.ts";
import type { Held, Plan, Turn } from "../../src/model/plan.ts";
import type {
  HeadStatus,
  InstanceStatus,
  JobRun,
  JobStatus,
  MachineStatus,
  CertificateStatus,
  StatusDocument,
} from "../../src/model/status.ts";

/** What a hostile machine, registry or commit would say: mostly things that terminals and readers of comments obey. */
export const text: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\u001b[2J",
        "\u001b]0;owned\u0007",
        "\u001b",
        "\u009b31m",
        "\u0007",
        "\r",
        "\n",
        "\t",
        "\u0000",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\u2028",
        "\ud83d",
        "```",
        "````",
        "@everyone",
        "#1",
        "<b>",
        "-->",
        "</details>",
        "![x](http://evil.example)",
        "|",
        "shop",
        " ",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

const sha = fc.stringMatching(/^[0-9a-f]{40}$/);
const count = fc.nat(1_000_000);
const time = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") })
  .map((d) => d.toISOString());
const where = fc.record({
  file: text,
  line: fc.integer({ min: 1, max: 999 }),
  col: fc.integer({ min: 1, max: 99 }),
});
const value: fc.Arbitrary<Json> = fc.oneof(
  text,
  fc.integer(),
  fc.constant(null),
  fc.boolean(),
  fc.array(text, { maxLength: 2 }),
);
const list = <T>(of: fc.Arbitrary<T>, most = 3): fc.Arbitrary<T[]> =>
  fc.array(of, { maxLength: most });

/** Every combination of what may be left out. */
const some = <T extends object>(
  all: { [P in keyof T]-?: fc.Arbitrary<Exclude<T[P], undefined>> },
  requiredKeys: (keyof T)[],
): fc.Arbitrary<T> => fc.record(all, { requiredKeys }) as fc.Arbitrary<T>;

export const change: fc.Arbitrary<Change> = some<Change>(
  {
    action: fc.constantFrom("create", "update", "replace", "delete", "run"),
    address: text,
    kind: fc.constantFrom("app/container", "app/volume", "machine/names"),
    machine: text,
    app: text,
    family: text,
    name: text,
    reason: some(
      { code: text, text, where, changed: fc.record({ what: text, at: time, users: list(text) }) },
      ["code", "text"],
    ),
    traces: fc.constant([]),
    fields: list(some({ path: text, declared: value, live: value }, ["path"])),
    disruption: some({ kind: fc.constantFrom("none", "restart", "gap"), seconds: count }, ["kind"]),
    steps: fc.constant([]),
    trial: text,
    login: fc.constantFrom("goes", "in-use"),
    holds: fc.constant([]),
    widens: fc.constant([]),
    instead: fc.constant(changeOf("web-1", "machine/firewall", undefined, "")),
    waits: text,
    checks: fc.constant([]),
    watch: fc.constant({
      do: "watch",
      container: "c",
      probe: "off",
      restart: "no",
      intervalMs: 1,
      timeoutMs: 1,
      forMs: 1,
    } as const),
  },
  ["action", "address", "kind", "machine", "name", "reason", "fields", "disruption", "steps"],
);

const turn: fc.Arbitrary<Turn> = fc.record({ machine: text, changes: list(change) });

const held: fc.Arbitrary<Held> = some<Held>(
  {
    address: text,
    code: text,
    text,
    needs: text,
    where,
    machine: text,
    app: text,
    family: text,
    failedAt: text,
    traces: fc.constant([]),
  },
  ["address", "code", "text"],
);

export const plan: fc.Arbitrary<Plan> = fc.record({
  revision: sha,
  settings: list(turn),
  machines: list(turn),
  groundTrials: list(turn),
  trials: list(turn),
  lastTrials: list(turn),
  rollouts: list(
    some<Plan["rollouts"][number]>(
      {
        family: text,
        after: list(text),
        onFailure: fc.constantFrom("revert", "halt", "continue"),
        prepare: list(turn),
        releases: list(turn),
        waves: list(list(turn)),
      },
      ["family", "after", "onFailure", "prepare", "releases", "waves"],
    ),
    2,
  ),
  cleanup: list(turn),
  afterwards: list(turn),
  reboots: list(turn),
  held: list(held),
  unknown: list(fc.record({ address: text, machine: text, why: text })),
  awaiting: list(text),
});

const outcomeName = fc.constantFrom(
  "applied",
  "reverted",
  "failed",
  "held",
  "rejected",
  "incomplete",
  "superseded",
);

const evidence: fc.Arbitrary<Evidence> = some<Evidence>(
  {
    machine: text,
    container: text,
    probe: text,
    exitCode: fc.integer(),
    outOfMemory: fc.boolean(),
    restarts: count,
    logTail: list(text),
  },
  ["machine", "container"],
);

const switchSeen: fc.Arbitrary<SwitchSeen> = some<SwitchSeen>(
  {
    machine: text,
    app: text,
    instance: fc.integer({ min: 1, max: 9 }),
    served: count,
    failed: count,
    drained: count,
    cut: count,
  },
  ["machine", "served", "failed", "drained", "cut"],
);

const appOutcome: fc.Arbitrary<AppOutcome> = some<AppOutcome>(
  {
    family: text,
    outcome: outcomeName,
    text,
    machines: list(text),
    imageDigests: list(text),
    images: fc.dictionary(fc.string({ minLength: 1 }), text, { maxKeys: 2, noNullPrototype: true }),
    declared: sha,
    changes: count,
    good: sha,
    evidence: list(evidence),
    switches: list(switchSeen),
    probes: list(fc.record({ machine: text, probe: text })),
  },
  ["family", "outcome", "text", "machines", "imageDigests", "changes"],
);

const trouble: fc.Arbitrary<Trouble> = fc.record({
  machine: text,
  class: fc.constantFrom(
    "unreachable",
    "identity",
    "access",
    "engine",
    "pull",
    "disk",
    "network",
    "fenced",
    "locked",
  ),
  text,
});

export const outcome: fc.Arbitrary<RevisionOutcome> = some<RevisionOutcome>(
  {
    version: fc.constant(1),
    fleet: text,
    revision: sha,
    subject: text,
    outcome: outcomeName,
    text,
    changes: count,
    apps: list(appOutcome),
    held: list(fc.record({ address: text, text })),
    troubles: list(trouble),
    notices: list(text),
    startedAt: time,
    durationMs: count,
    cause: fc.constantFrom("commit", "drift", "retry"),
    tree: text,
    heldUntil: time,
    findings: list(text),
  },
  [
    "version",
    "fleet",
    "revision",
    "subject",
    "outcome",
    "text",
    "changes",
    "apps",
    "held",
    "troubles",
    "startedAt",
    "durationMs",
    "cause",
  ],
);

const room = fc.record({ total: count, available: count });

const machineStatus: fc.Arbitrary<MachineStatus> = some<MachineStatus>(
  {
    name: text,
    reachable: fc.boolean(),
    why: text,
    os: text,
    engine: text,
    uptime: count,
    load: count,
    memory: room,
    disk: room,
    kernel: text,
    inodes: room,
    clock: fc.record({ offset: fc.integer(), within: count }),
    rebootNeeded: fc.boolean(),
    securityUpdates: count,
    concerns: list(
      fc.record({
        code: fc.constantFrom("disk", "inodes", "memory", "clock", "reboot", "certificate"),
        text,
      }),
    ),
  },
  ["name", "reachable"],
);

const instance: fc.Arbitrary<InstanceStatus> = some<InstanceStatus>(
  {
    app: text,
    machine: text,
    instance: fc.integer({ min: 1, max: 99 }),
    container: text,
    image: text,
    revision: sha,
    running: fc.boolean(),
    failed: fc.constant(true as const),
    health: text,
    restarts: count,
    since: fc.oneof(time, text),
    ports: list(text),
  },
  ["app", "machine", "instance", "container", "image", "revision", "running", "restarts", "ports"],
);

const jobStatus: fc.Arbitrary<JobStatus> = some<JobStatus>(
  {
    app: text,
    job: text,
    machine: text,
    schedule: text,
    timezone: text,
    running: fc.constant(true as const),
    next: fc.oneof(time, text),
    last: some<JobRun>(
      {
        container: text,
        startedAt: fc.oneof(time, text),
        endedAt: time,
        exitCode: fc.integer({ min: 0, max: 255 }),
        late: fc.constant(true as const),
        lines: list(text),
      },
      ["container", "startedAt"],
    ),
  },
  ["app", "job", "machine", "schedule", "timezone"],
);

export const status: fc.Arbitrary<StatusDocument> = some<StatusDocument>(
  {
    version: fc.constant(1),
    fleet: text,
    revision: sha,
    head: some<HeadStatus>(
      {
        revision: sha,
        subject: text,
        outcome: fc.constantFrom("applied", "held", "reverted"),
        text,
        pending: fc.nat(100),
        unknown: fc.integer({ min: 1, max: 100 }),
      },
      ["revision", "subject"],
    ),
    forge: fc.record({ trouble: text }),
    machines: list(machineStatus),
    apps: list(
      some<StatusDocument["apps"][number]>(
        {
          family: text,
          routes: fc.array(text, { maxLength: 2 }),
          good: sha,
          failed: fc.record({ revision: sha, reason: text }),
          held: text,
          instances: list(instance),
        },
        ["family", "instances"],
      ),
    ),
    jobs: list(jobStatus),
    certificates: list(
      some<CertificateStatus>(
        {
          host: text,
          machines: list(text),
          issuer: text,
          standIn: fc.constant(true as const),
          until: fc.oneof(time, text),
        },
        ["host", "machines", "issuer", "until"],
      ),
    ),
  },
  ["version", "fleet", "machines", "apps"],
);

export const findings: fc.Arbitrary<Diagnostic[]> = list(
  fc.record({ severity: fc.constantFrom("error", "warning"), code: text, where, message: text }),
);

export const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    type: fc.constant("stage" as const),
    stage: fc.constantFrom("source", "load", "apply"),
    text,
  }),
  fc.record({ type: fc.constant("planned" as const), revision: sha, changes: count }),
  fc.record({ type: fc.constant("change-started" as const), change }),
  fc.record({ type: fc.constant("change-done" as const), address: text, durationMs: count }),
  fc.record({ type: fc.constant("change-failed" as const), address: text, text }),
  fc.record({ type: fc.constant("progress" as const), address: text, text }),
  fc.record({ type: fc.constant("trouble" as const), trouble }),
  fc.record({ type: fc.constant("drift" as const), address: text, text }),
  fc.record({ type: fc.constant("outcome" as const), outcome }),
);
