import type { Action, Change } from "../../src/model/change.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { Plan, Turn } from "../../src/model/plan.ts";
import type { StatusDocument } from "../../src/model/status.ts";

export const now = Date.parse("2026-03-01T12:00:00.000Z");
export const revision = "3f2a1bc04d5e6f708192a3b4c5d6e7f801234567";
export const good = "9d8c7b6a5f4e3d2c1b0a99887766554433221100";

const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

export const change = (
  action: Action,
  machine: string,
  kind: string,
  name: string,
  more: Partial<Change> = {},
): Change => {
  const noun = kind.slice(kind.indexOf("/") + 1);
  const owner =
    more.app === undefined ? `machine/${machine}` : `machine/${machine}/app/${more.app}`;
  return {
    action,
    address: name === "" ? `${owner}/${noun}` : `${owner}/${noun}/${name}`,
    kind,
    machine,
    name,
    reason: { code: "missing", text: "not there yet" },
    fields: [],
    disruption: { kind: "none" },
    steps: [],
    ...more,
  };
};

const shop = { app: "shop", family: "shop" };
const worker = { app: "shop-worker", family: "shop" };
const at = (line: number) => ({ file: "apps/shop/app.yaml", line, col: 1 });
const turn = (machine: string, ...changes: readonly Change[]): Turn => ({ machine, changes });

const container = (machine: string, instance: string): Change =>
  change("replace", machine, "app/container", instance, {
    ...shop,
    reason: { code: "differs", text: "the image differs", where: at(2) },
    fields: [
      {
        path: "image",
        declared: "registry.example.com/shop:1.4.2",
        live: "registry.example.com/shop:1.4.1",
      },
      { path: "env.LOG_LEVEL", declared: "debug" },
    ],
  });

export const plan: Plan = {
  revision,
  settings: [],
  groundTrials: [],
  trials: [],
  lastTrials: [],
  machines: ["web-1", "web-2", "db-1"].map((machine) =>
    turn(
      machine,
      change("update", machine, "machine/names", "", {
        reason: { code: "differs", text: "apps have moved" },
      }),
    ),
  ),
  rollouts: [
    {
      family: "shop",
      after: ["db"],
      onFailure: "revert",
      prepare: ["web-1", "web-2"].map((machine) =>
        turn(
          machine,
          change("create", machine, "app/volume", "data", {
            ...shop,
            reason: { code: "missing", text: "not there yet", where: at(9) },
          }),
        ),
      ),
      releases: [
        turn(
          "web-1",
          change("run", "web-1", "app/release", "", {
            ...shop,
            reason: { code: "release", text: "the image is new", where: at(20) },
          }),
        ),
      ],
      waves: [
        [turn("web-1", container("web-1", "1"), container("web-1", "2"))],
        [turn("web-2", container("web-2", "1"), container("web-2", "2"))],
        [
          turn(
            "db-1",
            change("update", "db-1", "app/container", "1", {
              ...worker,
              reason: { code: "differs", text: "the memory limit differs", where: at(31) },
              fields: [{ path: "resources.memory", declared: 536_870_912, live: null }],
              disruption: { kind: "restart" },
            }),
          ),
        ],
      ],
    },
  ],
  afterwards: [],
  reboots: [],
  cleanup: [
    turn(
      "web-2",
      change("delete", "web-2", "app/container", "1", {
        app: "blog",
        family: "blog",
        reason: { code: "undeclared", text: "no longer declared" },
        disruption: { kind: "gap", seconds: 12 },
      }),
    ),
  ],
  held: [
    {
      address: "machine/web-2/app/blog/volume/media",
      code: "destroy",
      text: "no longer declared; its data is kept",
      needs: "Slipway-Allow: destroy machine/web-2/app/blog/volume/media",
      machine: "web-2",
      app: "blog",
    },
    {
      address: "app/api",
      code: "failed-mark",
      text: `failed at ${good.slice(0, 8)}: exited with 1`,
      where: { file: "apps/api.yaml", line: 1, col: 1 },
    },
  ],
  unknown: ["1", "2", "3"].map((n) => ({
    address: `machine/web-3/app/shop/container/${n}`,
    machine: "web-3",
    why: "connection timed out",
  })),
  awaiting: ["machine/web-1/app/shop/files/etc"],
};

export const emptyPlan: Plan = {
  revision,
  settings: [],
  groundTrials: [],
  trials: [],
  lastTrials: [],
  machines: [],
  rollouts: [],
  cleanup: [],
  afterwards: [],
  reboots: [],
  held: [],
  unknown: [],
  awaiting: [],
};

export const applied: RevisionOutcome = {
  version: 1,
  fleet: "acme",
  revision,
  subject: "Raise the memory of shop",
  outcome: "applied",
  text: "shop live on web-1, web-2 (0123456789ab)",
  changes: 4,
  apps: [
    {
      family: "blog",
      outcome: "applied",
      text: "live on web-1 (ba9876543210)",
      machines: ["web-1"],
      imageDigests: [],
      changes: 0,
    },
    {
      family: "shop",
      outcome: "applied",
      text: "live on web-1, web-2 (0123456789ab)",
      machines: ["web-1", "web-2"],
      imageDigests: [],
      changes: 4,
      switches: [
        { machine: "web-1", served: 1_204, failed: 0, drained: 3, cut: 0 },
        { machine: "web-2", served: 98, failed: 1, drained: 0, cut: 1 },
      ],
      probes: [
        { machine: "web-1", probe: "200 in 3 ms" },
        { machine: "web-2", probe: "200 in 2 ms" },
      ],
    },
  ],
  held: [],
  troubles: [],
  startedAt: ago(300),
  durationMs: 12_340,
  cause: "commit",
};

export const reverted: RevisionOutcome = {
  ...applied,
  revision: "aaaabbbbccccddddeeeeffff0000111122223333",
  subject: "Break the shop",
  outcome: "reverted",
  text: "app/shop still at 9d8c7b6a: GET /up answered 500",
  apps: [
    {
      family: "shop",
      outcome: "reverted",
      text: "GET /up answered 500; back at 9d8c7b6a",
      machines: ["web-1", "web-2"],
      imageDigests: [],
      changes: 3,
      good,
      evidence: [
        {
          machine: "web-1",
          container: "acme-shop-1-ab12cd34-failed",
          probe: "GET http://172.18.0.5:8080/up: 500 in 3 ms",
          exitCode: 137,
          outOfMemory: true,
          restarts: 3,
          logTail: [
            "\u001b[32mINFO\u001b[0m starting",
            "panic: no such table \u001b]0;owned\u0007orders",
          ],
        },
      ],
    },
    {
      family: "blog",
      outcome: "applied",
      text: "live on web-1 (ba9876543210)",
      machines: ["web-1"],
      imageDigests: [],
      changes: 0,
    },
  ],
  held: [
    {
      address: "machine/web-2/app/blog/volume/media",
      text: "no longer declared; needs Slipway-Allow: destroy machine/web-2/app/blog/volume/media",
    },
  ],
  troubles: [{ machine: "web-3", class: "unreachable", text: "connection timed out" }],
  notices: ["web-1: a tenth of its disk is left, or less"],
  startedAt: ago(7200),
  durationMs: 65_000,
};

export const rejected: RevisionOutcome = {
  ...applied,
  revision: "1111222233334444555566667777888899990000",
  subject: "Mistype the image",
  outcome: "rejected",
  text: "apps/shop/app.yaml:2:1: unknown key 'imagee' (did you mean 'image'?) (and 1 more)",
  changes: 0,
  apps: [],
  startedAt: ago(86_400 * 3),
  durationMs: 40,
  findings: [
    "apps/shop/app.yaml:2:1: unknown key 'imagee' (did you mean 'image'?)",
    "apps/shop/app.yaml:1:1: 'image' is missing",
  ],
};

const image = "registry.example.com/shop:1.4.2";

export const status: StatusDocument = {
  version: 1,
  fleet: "acme",
  revision,
  machines: [
    { name: "db-1", reachable: false, why: "connection timed out" },
    {
      name: "web-1",
      reachable: true,
      os: "Debian 12",
      engine: "20.10.24",
      uptime: 260_000,
      load: 0.12,
      memory: { total: 4 * 1024 ** 3, available: 2.5 * 1024 ** 3 },
      disk: { total: 40 * 1024 ** 3, available: 2 * 1024 ** 3 },
      kernel: "6.1.0-18-amd64",
      inodes: { total: 2_621_440, available: 2_500_000 },
      clock: { offset: 0, within: 0.412 },
      rebootNeeded: true,
      securityUpdates: 3,
      concerns: [
        { code: "disk", text: "a tenth of its disk is left, or less" },
        { code: "reboot", text: "it has to be rebooted for what was installed" },
      ],
    },
    {
      name: "web-2",
      reachable: true,
      os: "Alpine Linux v3.20",
      uptime: 120,
      load: 0,
      memory: { total: 1024 ** 3, available: 0.75 * 1024 ** 3 },
      disk: { total: 10 * 1024 ** 3, available: 8 * 1024 ** 3 },
      kernel: "6.6.31-0-lts",
      clock: { offset: -61.5, within: 0.2 },
      concerns: [{ code: "clock", text: "its clock is more than 5 s behind" }],
    },
  ],
  apps: [
    {
      family: "shop",
      good,
      failed: { revision, reason: "GET /up answered 500" },
      held: "failed at 3f2a1bc0: GET /up answered 500",
      routes: ["https://shop.example.com/", "https://shop.example.com/admin"],
      instances: [
        {
          app: "shop",
          machine: "web-1",
          instance: 1,
          container: "acme-shop-1-ab12cd34",
          image,
          revision: good,
          running: true,
          health: "healthy",
          restarts: 0,
          since: ago(90_000),
          ports: ["10.0.0.11:8080->8080/tcp"],
        },
        {
          app: "shop-worker",
          machine: "web-1",
          instance: 1,
          container: "acme-shop-worker-1-99aa88bb",
          image,
          revision: good,
          running: false,
          restarts: 4,
          since: ago(30),
          ports: [],
        },
      ],
    },
    {
      family: "db",
      good,
      instances: [
        {
          app: "db",
          machine: "web-1",
          instance: 1,
          container: "acme-db-1-00ff00ff",
          image: "postgres:16",
          revision: good,
          running: true,
          restarts: 0,
          since: ago(400_000),
          ports: ["127.0.0.1:5432->5432/tcp"],
        },
      ],
    },
  ],
  certificates: [
    {
      host: "new.example.com",
      machines: ["web-1"],
      issuer: "Slipway stand-in",
      standIn: true,
      until: ago(-90 * 86_400),
    },
    {
      host: "shop.example.com",
      machines: ["web-1", "web-2"],
      issuer: "R11",
      until: ago(-60.5 * 86_400),
    },
    { host: "soon.example.com", machines: ["web-2"], issuer: "E7", until: ago(-2 * 86_400) },
    { host: "late.example.com", machines: ["web-2"], issuer: "E7", until: ago(86_400) },
  ],
};
