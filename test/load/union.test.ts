import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { findingsOf, type Files } from "./repos.ts";

/** A repo as lines of its files, each line one key: so that mistakes can be made in several places at once. */
type Lines = Readonly<Record<string, readonly string[]>>;

interface Shape {
  readonly machines: number;
  readonly apps: readonly { readonly services: boolean; readonly everywhere: boolean }[];
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  machines: fc.integer({ min: 2, max: 4 }),
  apps: fc.array(fc.record({ services: fc.boolean(), everywhere: fc.boolean() }), {
    minLength: 2,
    maxLength: 4,
  }),
});

const machinePath = (i: number): string => `machines/m-${i}.yaml`;
const appPath = (i: number): string => `apps/app${String.fromCodePoint(97 + i)}.yaml`;
const appName = (i: number): string => `app${String.fromCodePoint(97 + i)}`;

function soundRepo({ machines, apps }: Shape): Lines {
  const ofMachines = Array.from({ length: machines }, (_, i) => [
    machinePath(i),
    [
      `address: 203.0.113.${i + 1}`,
      `privateAddress: 10.0.0.${i + 1}`,
      "ssh: { user: deploy }",
      "labels: { role: web }",
    ],
  ]);
  const ofApps = apps.map(({ services, everywhere }, i) => [
    appPath(i),
    [
      "image: registry.example.com/app:1",
      everywhere ? "machines: { role: web }" : "machines: [m-0]",
      `publish: ["${8000 + i}:80"]`,
      "port: 80",
      "health: { http: /up }",
      i === 0 ? "after: []" : `after: [${appName(i - 1)}]`,
      "env: { LOG_LEVEL: info }",
      "volumes: { data: /data }",
      "perMachine: { m-0: { env: { ZONE: a } } }",
      ...(services ? [`services: { ${appName(i)}: {} }`] : []),
    ],
  ]);
  return Object.fromEntries([
    ["slipway.yaml", ["fleet: acme", "forge: { kind: github }"]],
    ...ofMachines,
    ...ofApps,
  ]) as Lines;
}

/** A mistake: which file it is made in, what it depends on there and elsewhere (`path key`), and what becomes of the file. */
interface Mistake {
  readonly name: string;
  readonly path: string;
  readonly touches: readonly string[];
  readonly make: (lines: readonly string[]) => readonly string[];
}

const put =
  (line: string): Mistake["make"] =>
  (lines) => [...lines.filter((one) => keyOf(one) !== keyOf(line)), line];
const keyOf = (line: string): string => line.slice(0, line.indexOf(":"));

function inApp(i: number, shape: Shape): readonly Mistake[] {
  const path = appPath(i);
  const other = (i + 1) % shape.apps.length;
  const one = (line: string, ...more: readonly string[]): Mistake => ({
    name: `${path} ${line}`,
    path,
    touches: [`${path} ${keyOf(line)}`, ...more],
    make: put(line),
  });
  const all = ["image", "machines", "publish", "port", "health", "after", "perMachine"];
  return [
    one("colour: red"),
    one("memery: 5m"),
    one('ports: ["80:80"]'),
    one("read_only: true"),
    one("instances: many", `${path} publish`),
    one("init: [yes]"),
    one("shmSize: 0900"),
    one("command: a 'b"),
    one("image: ''"),
    one("env: { SLIPWAY_APP: x }"),
    one("labels: [a]"),
    one("resources: { memory: 1m }"),
    one("ulimits: { nofile: { soft: 2, hard: 1 } }"),
    one("drift: mend"),
    one("after: [nowhere]"),
    one("machines: { role: wbe }", `${path} publish`, `${path} perMachine`, `${path} volumes`),
    one("machines: [m-0, m-9]", `${path} publish`, `${path} volumes`),
    one("perMachine: { m-9: {} }", `${path} machines`),
    one("perMachine: { m-0: { renamedFrom: old } }"),
    one("health: { http: /up, tcp: true }", `${path} port`),
    one("volumes: { a: /x, b: /x }"),
    one("files: { /y: missing.txt }"),
    one("backup: {}"),
    one(
      `publish: ["${8000 + other}:80"]`,
      ...[path, appPath(other)].flatMap((file) =>
        ["machines", "publish", "instances", "perMachine"].map((key) => `${file} ${key}`),
      ),
    ),
    {
      name: `${path} twice`,
      path,
      touches: [`${path} port`, `${path} health`],
      make: (lines) => [...lines, "port: 81"],
    },
    {
      name: `${path} no YAML`,
      path,
      touches: [`${path} *`, ...all.map((key) => `${path} ${key}`)],
      make: (lines) => [...lines, "]"],
    },
  ];
}

function inMachine(i: number, { machines }: Shape): readonly Mistake[] {
  const path = machinePath(i);
  const other = (i + 1) % machines;
  const one = (line: string, ...more: readonly string[]): Mistake => ({
    name: `${path} ${line}`,
    path,
    touches: [`${path} ${keyOf(line)}`, ...more],
    make: put(line),
  });
  const addresses = [path, machinePath(other)].flatMap((file) =>
    ["address", "ssh", "bastion"].map((key) => `${file} ${key}`),
  );
  return [
    one("colour: red"),
    one("enginee: x"),
    one("bastion: m-0", `${path} ssh`),
    one("ssh: { jump: nowhere }", ...addresses),
    one("ssh: { port: 1e9 }", ...addresses),
    one("hostKey: none"),
    one(`address: 203.0.113.${other + 1}`, ...addresses),
    one("privateAddress: 127.0.0.1"),
    one("provider: {}"),
  ];
}

const inSettings: readonly Mistake[] = ["colour: red", "forge: { kind: githup }", "notify: {}"].map(
  (line) => ({
    name: `slipway.yaml ${line}`,
    path: "slipway.yaml",
    touches: [`slipway.yaml ${keyOf(line)}`],
    make: put(line),
  }),
);

const mistakesIn = (shape: Shape): readonly Mistake[] => [
  ...inSettings,
  ...Array.from({ length: shape.machines }, (_, i) => inMachine(i, shape)).flat(),
  ...shape.apps.flatMap((_, i) => inApp(i, shape)),
];

/** Whether what one mistake is about is not spoilt by the other. */
const independent = (a: Mistake, b: Mistake): boolean =>
  !a.touches.some((one) => b.touches.includes(one)) && !spoils(a, b) && !spoils(b, a);

const spoils = (a: Mistake, b: Mistake): boolean =>
  a.touches.includes(`${a.path} *`) && a.path === b.path;

const filesOf = (lines: Lines): Files =>
  Object.fromEntries(Object.entries(lines).map(([path, list]) => [path, list.join("\n")]));

const make = (lines: Lines, { path, make: change }: Mistake): Lines => ({
  ...lines,
  [path]: change(lines[path] ?? []),
});

/** What is found, without lines: they move when more than one mistake is made in a file. */
async function found(lines: Lines): Promise<readonly string[]> {
  const findings = await findingsOf({ files: filesOf(lines) });
  return findings
    .map(
      ({ code, where, message }) =>
        `${code} ${where.file} ${message.replaceAll(/:\d+\)|line \d+/g, "")}`,
    )
    .toSorted();
}

test("two mistakes that have nothing to do with each other are told as each is alone", async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes,
      fc.nat(),
      fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      async (shape, first, others) => {
        const lines = soundRepo(shape);
        assert.deepEqual(await found(lines), []);
        const all = mistakesIn(shape);
        const chosen: Mistake[] = [];
        for (const n of [first, ...others]) {
          const mistake = all[n % all.length];
          if (mistake !== undefined && chosen.every((one) => independent(one, mistake)))
            chosen.push(mistake);
        }
        const alone: string[] = [];
        for (const mistake of chosen) {
          const findings = await found(make(lines, mistake));
          assert.equal(findings.length, 1, `${mistake.name}\n${findings.join("\n")}`);
          alone.push(...findings);
        }
        const together = await found(chosen.reduce(make, lines));
        assert.deepEqual(together, alone.toSorted(), chosen.map(({ name }) => name).join("\n"));
      },
    ),
    { numRuns: 300 },
  );
});
