import { setTimeout as pause } from "node:timers/promises";
import type { Fleet } from "../fleet/fleet.ts";
import { cleanEnv, must } from "../fleet/run.ts";
import { askHttp } from "../support/http.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { median, say, type Row } from "./row.ts";
import { watchStarts, type Starts } from "./starts.ts";
import { openWarmSsh, shellWord, type WarmSsh } from "./ssh.ts";

const machines = ["web-1", "web-2", "web-3"];
const rounds = 5;
const [ourPort, handPort] = [8080, 8081];
const eachMs = 5;
const patienceMs = 60_000;

interface Hands {
  readonly stage: Stage;
  readonly ssh: WarmSsh;
  readonly starts: Starts;
}

interface Times {
  readonly deploys: readonly number[];
  readonly reverts: readonly number[];
  readonly byHand: readonly number[];
  /** Requests for layers or manifests while reverts ran. */
  readonly pulls: number;
}

/** From the end of a push until the last of three machines answers with the new version; and back. */
export async function benchDeploy(): Promise<readonly Row[]> {
  say(`booting ${machines.length} machines`);
  const stage = await openStage({ machines });
  const ssh = await openWarmSsh(stage.fleet);
  const starts = watchStarts(ssh, machines);
  try {
    const images = await presentImages(stage.fleet);
    const waysIn = [
      { name: "polled each second over HTTP", env: {} },
      { name: "repository in place", env: { SLIPWAY_REPO: stage.fleet.git?.repoDir("infra") } },
    ];
    const rows: Row[] = [];
    for (const [index, { name, env }] of waysIn.entries()) {
      const own = images.filter((_, i) => i % waysIn.length === index);
      const times = await measure({ stage, ssh, starts }, own, name, env);
      rows.push(...rowsOf(name, times));
    }
    return rows;
  } finally {
    await starts.close();
    await ssh.close();
    await stage.close();
  }
}

function rowsOf(name: string, { deploys, reverts, byHand, pulls }: Times): readonly Row[] {
  const deploy = median(deploys);
  const hand = { what: "the same steps in one shell script", value: median(byHand) };
  const own = { what: "its own deploy", value: deploy };
  const back = median(reverts);
  const note = `${pulls} requests to the registry`;
  return [
    { what: `push to live, ${name}`, value: deploy, unit: "ms", against: hand, goal: 1.2 },
    { what: `git revert to back, ${name}`, value: back, unit: "ms", note, against: own, goal: 1 },
  ];
}

/** An image for each deploy, as a version deployed before would be put back instead of made. */
async function presentImages(fleet: Fleet): Promise<readonly string[]> {
  const { images } = fleet;
  if (images === undefined) throw new Error("the fleet has no registry");
  const tags = Array.from({ length: 2 * (rounds + 2) }, (_, i) => String(i + 1));
  const references: string[] = [];
  for (const tag of tags) {
    const { reference } = await images.push("shop", tag);
    for (const machine of machines) await fleet.machine(machine).docker(["pull", "-q", reference]);
    references.push(reference);
  }
  return references;
}

async function measure(
  { stage, ssh, starts }: Hands,
  images: readonly string[],
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Times> {
  const [first = "", ...later] = images;
  const commit = (image: string): Promise<string> =>
    stage.commit(`Shop ${image}`, {
      "slipway.yaml": "fleet: acme\n",
      ...Object.fromEntries(machines.map((m) => [`machines/${m}.yaml`, stage.machineFile(m)])),
      "apps/shop.yaml": appFile(image),
    });
  const start = await commit(first);
  const daemon = await stage.daemon({ env });
  await stage.outcome(start, "applied");
  await startByHand(stage.fleet, first);
  const deploys: number[] = [];
  const reverts: number[] = [];
  const byHand: number[] = [];
  let pulls = 0;
  // The first round is for warming up.
  for (const [round, image] of later.entries()) {
    const version = versionOf(image);
    const forDeploy = starts.next();
    const pushed = await commit(image);
    const deploy = await live(stage.fleet, forDeploy, ourPort, version);
    await stage.outcome(pushed, "applied");
    await atRest();
    const asked = stage.fleet.registry?.requests.length ?? 0;
    const forRevert = starts.next();
    const reverted = await stage.revert(pushed);
    const revert = await live(stage.fleet, forRevert, ourPort, versionOf(first));
    await stage.outcome(reverted, "applied");
    pulls += (stage.fleet.registry?.requests.length ?? 0) - asked;
    await atRest();
    const [hand] = await Promise.all([
      live(stage.fleet, starts.next(), handPort, version),
      must(["sh", "-c", handScript(ssh, image, stage.fleet)], { env: cleanEnv }),
    ]);
    say(
      `  ${name}: deploy ${deploy.toFixed(0)}, revert ${revert.toFixed(0)}, by hand ${hand.toFixed(0)} ms`,
    );
    if (round === 0) continue;
    deploys.push(deploy);
    reverts.push(revert);
    byHand.push(hand);
  }
  await daemon.stop();
  for (const machine of machines)
    await stage.fleet.machine(machine).docker(["rm", "-f", "shop", "shop-prev"]);
  return { deploys, reverts, byHand, pulls };
}

/** What the pass still writes, and the heartbeat of what is polled, are not to fall into the next measurement in step. */
const atRest = (): Promise<void> => pause(500 + Math.random() * 1_000);

const appFile = (image: string): string => `image: ${image}
machines: all
port: 8080
publish: ["${ourPort}:8080"]
env: { GREETING: hi }
health: { http: /up }
deploy: { stopTimeout: 2s }
`;

const versionOf = (image: string): string => image.slice(image.lastIndexOf(":") + 1);

/**
 * Milliseconds until the last machine answers with this version. A machine is asked once its engine says that a container
 * started: what asks before that waits for the kernel to look again for a neighbour, up to a second, and so do probes.
 */
async function live(
  fleet: Fleet,
  started: ReadonlyMap<string, Promise<void>>,
  port: number,
  version: string,
): Promise<number> {
  const since = performance.now();
  await Promise.all(
    [...started].map(async ([machine, start]) => {
      await Promise.race([start, pause(patienceMs, undefined, { ref: false })]);
      while (performance.now() - since < patienceMs) {
        const { privateAddress } = fleet.machine(machine);
        const text = await askHttp(privateAddress, port, "/").catch(() => "");
        if (text.startsWith(`version=${version}\n`)) return;
        await pause(eachMs);
      }
      throw new Error(`${machine} does not answer with version ${version}`);
    }),
  );
  return performance.now() - since;
}

const runLine = (fleet: Fleet, machine: string, image: string): string =>
  `docker run -d --name shop --restart unless-stopped -e GREETING=hi -p ${fleet.machine(machine).privateAddress}:${handPort}:8080 ${image} >/dev/null`;

async function startByHand(fleet: Fleet, image: string): Promise<void> {
  for (const machine of machines)
    await fleet.machine(machine).exec(["sh", "-c", runLine(fleet, machine, image)]);
}

/** Machine by machine: the old one stops and is kept, the new one starts and must be healthy before the next machine. */
function handScript(ssh: WarmSsh, image: string, fleet: Fleet): string {
  const script = (machine: string): string => `set -e
docker rm -f shop-prev >/dev/null 2>&1 || true
docker stop -t 2 shop >/dev/null
docker rename shop shop-prev
${runLine(fleet, machine, image)}
until curl -fsS -o /dev/null http://${fleet.machine(machine).privateAddress}:${handPort}/up 2>/dev/null; do sleep 0.1; done`;
  return [
    "set -e",
    ...machines.map((m) => [...ssh.argv(m), script(m)].map(shellWord).join(" ")),
  ].join("\n");
}
