import { bootFleet, type FleetMachine } from "../fleet/fleet.ts";
import { until } from "../fleet/wait.ts";
import { askHttp } from "../support/http.ts";
import { startLoad, type Load, type LoadReport } from "../support/load/load.ts";
import type { Contender, Ground } from "./contender.ts";
import { say, type Row } from "./row.ts";
import { bySlipway } from "./switch-slipway.ts";
import { byScripts, ways } from "./switch-ways.ts";

const switches = Number(process.env["BENCH_SWITCHES"] ?? 100);
const tags = ["1", "2"] as const;

/** What clients lose while an app's version is switched again and again, by different means on the same machine. */
export async function benchSwitches(): Promise<readonly Row[]> {
  say("booting a machine");
  const fleet = await bootFleet({ machines: ["web-1"], git: false });
  try {
    const machine = fleet.machine("web-1");
    const images: Record<string, string> = {};
    for (const tag of tags) {
      const pushed = await fleet.images?.push("shop", tag, { env: { START_MS: "500" } });
      if (pushed === undefined) throw new Error("the fleet has no registry");
      await machine.docker(["pull", "-q", pushed.reference]);
      images[tag] = pushed.reference;
    }
    const rows: Row[] = [];
    for (const contender of contenders)
      rows.push(...(await measure(contender, { fleet, machine, images })));
    return rows;
  } finally {
    await fleet.down();
  }
}

const contenders: readonly Contender[] = [...ways.map(byScripts), bySlipway];

async function measure(contender: Contender, ground: Ground): Promise<readonly Row[]> {
  const open = await contender.open(ground);
  if (open === undefined) return [];
  try {
    const { hostname, port } = new URL(open.target.url);
    await until(`${contender.what} answers`, () =>
      askHttp(open.target.address ?? hostname, Number(port || 80), "/up").catch(() => undefined),
    );
    const load = await startLoad([open.target]);
    const stops: number[] = [];
    for (let round = 1; round <= switches; round++) {
      const from = Date.now();
      await open.switchTo(tags[round % tags.length] ?? tags[0]);
      stops.push(...(await stopsOn(ground.machine, from)));
      if (round % 20 === 0) say(`  ${contender.what}: ${round} switches, ${await soFar(load)}`);
    }
    const report = await load.stop();
    if (Object.keys(report.versions).length < tags.length)
      throw new Error(`${contender.what}: nothing was switched`);
    return rowsOf(contender, report, stops);
  } finally {
    await open.close();
  }
}

async function soFar(load: Load): Promise<string> {
  const { requests, failures, sockets } = await load.look();
  return `${requests} requests, ${JSON.stringify(failures)}, WebSockets closed ${JSON.stringify(sockets.closed)}`;
}

/** When containers were told to stop, since then. The engine remembers only the last few of its events. */
export async function stopsOn(machine: FleetMachine, from: number): Promise<readonly number[]> {
  const range = ["--since", seconds(from), "--until", seconds(Date.now())];
  const kills = ["docker", "events", ...range, "--filter", "event=kill", "--format"];
  const { stdout } = await machine.exec([...kills, "{{.TimeNano}}"]);
  return stdout
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((nano) => Number(nano) / 1e6);
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(3);

export function rowsOf(
  { what, goal }: Pick<Contender, "what" | "goal">,
  report: LoadReport,
  stops: readonly number[],
  times = `${switches} switches`,
): readonly Row[] {
  const { failures, requests, ms, sockets, latencyMs, since } = report;
  const ofSockets = Object.entries(failures).filter(([failure]) => failure.startsWith("socket: "));
  const lost = Object.entries(failures).filter(([failure]) => !failure.startsWith("socket: "));
  const told = sockets.closes.filter(({ atMs }) =>
    stops.some((stop) => Math.abs(since + atMs - stop) < goodbyeMs),
  ).length;
  const rate = Math.round((requests / ms) * 1_000);
  say(`  ${what}: ${rate} requests a second, p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`);
  for (const { failure, detail } of report.examples.slice(0, 3)) say(`    ${failure}: ${detail}`);
  const unopened = sum(ofSockets);
  const promised = goal === undefined ? {} : { goal };
  return [
    {
      what: `${what}: requests lost in ${times}`,
      value: sum(lost),
      unit: "times",
      note: [`of ${requests}`, ...kindsOf(lost)].join("; "),
      ...promised,
    },
    {
      what: `${what}: WebSockets closed by the switch`,
      value: sum(Object.entries(sockets.closed)) - told,
      unit: "times",
      note: [
        `${told} more by the app as it was told to stop`,
        ...(unopened > 0 ? [`${unopened} times none could be opened`] : []),
      ].join("; "),
      ...promised,
    },
  ];
}

/** So near to the app being told to stop, its goodbye arrives: the engine tells of it late. Switches are a second away. */
const goodbyeMs = 700;

type Counts = readonly (readonly [string, number])[];

const sum = (counts: Counts): number => counts.reduce((total, [, count]) => total + count, 0);

/** `4 reset` from `kept: reset` and `fresh: reset`. */
function kindsOf(failures: Counts): readonly string[] {
  const kinds = Map.groupBy(failures, ([failure]) => failure.slice(failure.indexOf(": ") + 2));
  return [...kinds].map(([kind, counts]) => `${sum(counts)} ${kind}`);
}
