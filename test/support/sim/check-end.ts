import type { RevisionOutcome } from "../../../src/model/outcome.ts";
import { hostsFileOf } from "./engine.ts";
import {
  fortuneOf,
  isLeavingHeld,
  isMadeFrom,
  runningInstances,
  templateOf,
  whyNotAs,
} from "./expected.ts";
import type { History } from "./history.ts";
import { appNames, type Apps, type AppState, type Scenario } from "./scenario.ts";
import { whyNotSet } from "./settings.ts";
import type { Stage } from "./stage.ts";
import { Broken, isCurrent, labelOf } from "./watchman.ts";

/** All that is on the machines, as text; the lock's own file tells of times. */
export const stateOf = (stage: Stage, isRecorded: (path: string) => boolean = () => true): string =>
  JSON.stringify(
    [...stage.machines].map(([name, { engine, disk }]) => [
      name,
      engine.containers.map((c) => [
        c.id,
        c.name,
        c.status,
        c.host,
        [...c.networks],
        c.proxy?.state(),
      ]),
      engine.networks,
      engine.volumes,
      [...disk.nodes].filter(([path]) => !path.endsWith("/lock") && isRecorded(path)),
    ]),
  );

/** Without what is written down of passes. */
export const thingsOf = (stage: Stage): string =>
  stateOf(stage, (path) => !/\/(inventory\.json|history\.jsonl)$/.test(path));

/** When all faults have ended, and passes change nothing any more. Throws Broken. */
export function checkEnd(
  stage: Stage,
  scenario: Scenario,
  history: History,
  outcome: RevisionOutcome,
): void {
  const apps = history.apps();
  for (const app of appNames) {
    const state = apps[app];
    if (state === undefined) checkGone(stage, app, outcome);
    else checkApp(stage, scenario, history, app, state, outcome);
  }
  for (const [index, { name, disk }] of [...stage.machines.values()].entries()) {
    const why = whyNotSet(disk, history.settings()[index]);
    if (why !== undefined) throw new Broken(`${name}: ${why}`);
  }
  checkNames(stage);
  checkTraffic(stage);
  const told = stage.told.filter((t) => t.outcome.revision === outcome.revision);
  if (stage.startedRevisions.has(outcome.revision) && told.length === 0)
    throw new Broken(`${outcome.revision.slice(0, 8)} was started, and nobody told its end`);
  if (told.length > 0 && !told.some((t) => t.isNews))
    throw new Broken(`${outcome.revision.slice(0, 8)} has ended, and the ledger does not know`);
}

/** What runs reads the names that stand on its machine. */
function checkNames({ machines }: Stage): void {
  for (const { name, engine, disk } of machines.values()) {
    for (const container of engine.containers.filter((c) => engine.isRunning(c))) {
      const path = hostsFileOf(container);
      if (path !== undefined && container.hosts?.content !== disk.read(path))
        throw new Broken(`${container.name} on ${name} reads other names than its machine has`);
    }
  }
}

/** Proxies do what their files say, and send to whoever runs and nobody else. */
function checkTraffic({ machines }: Stage): void {
  for (const { name, engine, disk } of machines.values()) {
    const folder = "/var/lib/slipway/acme/proxy";
    // Who has left stands there until the next one comes.
    const proxies = engine.containers.filter(
      (c) => labelOf(c, "slipway.proxy") !== "" && engine.isRunning(c),
    );
    const proxy = engine.proxyAt(`${folder}/run/admin.sock`);
    if (proxies.length > 1) throw new Broken(`${name} has ${proxies.length} proxies`);
    if (proxy === undefined && (proxies.length > 0 || disk.exists(`${folder}/haproxy.cfg`)))
      throw new Broken(`${name} has no proxy that runs, and something of one`);
    if (proxy?.isAsWritten(disk, folder) === false)
      throw new Broken(`the proxy of ${name} does not do what its files say`);
    for (const app of proxy?.pools() ?? []) {
      const served = proxy?.servingOf(app).toSorted().join(", ");
      const running = engine.containers
        .filter((c) => engine.isRunning(c) && labelOf(c, "slipway.app") === app && isCurrent(c))
        .map((c) => c.address)
        .toSorted()
        .join(", ");
      if (served !== running)
        throw new Broken(`${app} on ${name} is reached at ${served}, and runs at ${running}`);
    }
  }
}

/** It is after one that does not work, or that waits itself for such a one. */
function waitsForBroken(scenario: Scenario, apps: Apps, app: string): boolean {
  const before = appNames[appNames.findIndex((name) => name === app) - 1];
  const state = before === undefined ? undefined : apps[before];
  if (before === undefined || state === undefined || !templateOf(scenario, app).isAfter)
    return false;
  return (
    fortuneOf(state, templateOf(scenario, before)) !== "works" ||
    waitsForBroken(scenario, apps, before)
  );
}

function checkGone(stage: Stage, app: string, outcome: RevisionOutcome): void {
  const running = runningInstances(stage, app);
  if (running.length > 0 && !isLeavingHeld(outcome, app))
    throw new Broken(`${app} still runs: ${running.map((r) => r.instance).join(", ")}`);
}

function checkApp(
  stage: Stage,
  scenario: Scenario,
  history: History,
  app: string,
  state: AppState,
  outcome: RevisionOutcome,
): void {
  const apps = history.apps();
  const template = templateOf(scenario, app);
  const said = outcome.apps.find((a) => a.family === app);
  const fortune = fortuneOf(state, template);
  const name = said?.outcome ?? "nothing";
  if (name === "held" && waitsForBroken(scenario, apps, app)) {
    // Where it worked before, it is kept up at that.
    const before = history.commits.find((c) => c.revision === said?.good)?.apps[app];
    const isWaiting = outcome.held.some(
      (h) => h.address === `app/${app}` && h.text.startsWith("it is after "),
    );
    const isKnown = isWaiting && before !== undefined && fortuneOf(before, template) === "works";
    const why = isKnown
      ? whyNotAs(stage, scenario, app, before, {
          number: state,
          isLeavingHeld: isLeavingHeld(outcome, app),
        })
      : undefined;
    if (why !== undefined)
      throw new Broken(`${app} waits (${said?.text}), and is not as it was before: ${why}`);
    return;
  }
  if (fortune === "works") {
    const why = whyNotAs(stage, scenario, app, state, {
      isLeavingHeld: isLeavingHeld(outcome, app),
    });
    const isHeld = name === "held" && isLeavingHeld(outcome, app);
    if (why !== undefined || (name !== "applied" && !isHeld))
      throw new Broken(
        `${app} works, and ends as ${name} (${said?.text}): ${why ?? "as declared"}`,
      );
  }
  if (fortune === "cannot be pulled" && name !== "incomplete")
    throw new Broken(`${app} cannot be pulled, and ends as ${name} (${said?.text})`);
  if (fortune === "idles" && name === "incomplete")
    throw new Broken(`${app} runs nowhere, and ends as ${name} (${said?.text})`);
  if (fortune !== "fails") return;
  if (!["reverted", "failed", "held"].includes(name))
    throw new Broken(`${app} fails, and ends as ${name} (${said?.text})`);
  if (template.onFailure !== "revert") return;
  // What it went back to: some state of before that works, or nothing.
  const former = history.commits.flatMap((c) => {
    const before = c.apps[app];
    return before !== undefined && fortuneOf(before, template) === "works" ? [before] : [];
  });
  const running = runningInstances(stage, app);
  // It never worked on all of its machines: where it did, it goes on.
  if (
    said?.good === undefined &&
    running.every((r) => former.some((f) => isMadeFrom(r, app, f, stage.clock.now())))
  )
    return;
  const isBack = former.some(
    (f) =>
      whyNotAs(stage, scenario, app, f, {
        number: state,
        isLeavingHeld: isLeavingHeld(outcome, app),
      }) === undefined,
  );
  if (!isBack)
    throw new Broken(
      `${app} fails, and did not go back (${name}: ${said?.text}): ${running.map((r) => `${r.instance} ${r.container.image.tags[0]}`).join(", ") || "nothing runs"}`,
    );
}
