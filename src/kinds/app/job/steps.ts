import type { Facts } from "../../../model/resource.ts";
import type { RunStep, Step } from "../../../model/step.ts";
import { createBody, endpointOf, secretTexts } from "../../shared/container/body.ts";
import { detachedFrom } from "../../shared/container/differences.ts";
import { missingFolders } from "../../shared/container/folders.ts";
import {
  connectNetwork,
  createContainer,
  removeContainer,
  stopContainer,
} from "../../shared/engine.ts";
import { label } from "../../shared/labels.ts";
import { hasFiles, situationOf } from "./diff.ts";
import { runScript } from "./script.ts";
import { containerName, type JobContainer, type JobSpec, type JobState } from "./spec.ts";
import { jobFolder, serviceText, stampPath, timerText, unitNames, unitPath } from "./units.ts";

export function jobSteps(
  want: JobSpec | undefined,
  have: JobState | undefined,
  facts: Facts,
): readonly Step[] {
  const { next, done, overdue } = situationOf(want, have, facts);
  const tidying = [
    ...overdue.map((c) => stopContainer(c.id, c.stopTimeoutSeconds ?? 10)),
    ...done.map((c) => removeContainer(c.id)),
  ];
  if (want === undefined)
    return have === undefined
      ? []
      : [...(hasFiles(have) ? unitsAway(have, facts) : []), ...tidying];
  return [...tidying, ...containerSteps(want, next, facts), ...unitSteps(want, have, facts)];
}

/** It is made before its time comes, with all its secrets, and stands still until then. */
function containerSteps(
  want: JobSpec,
  next: JobContainer | undefined,
  facts: Facts,
): readonly Step[] {
  const { container, job, deadlineMs } = want;
  const name = containerName(want);
  const networks = container.networks === "host" ? [] : container.networks;
  if (next !== undefined) {
    const missing = new Set(detachedFrom(container, next));
    return networks
      .filter((n) => missing.has(n.name))
      .map((n) => connectNetwork(n.name, name, endpointOf(container, n)));
  }
  const labels = { [label.job]: job, [label.deadline]: String(deadlineMs) };
  const body = createBody(container, { restart: "no", labels });
  return [
    ...missingFolders(container, facts.root),
    createContainer(name, body, "job", secretTexts(container)),
    ...networks.slice(1).map((n) => connectNetwork(n.name, name, endpointOf(container, n))),
  ];
}

/** What runs is not touched: systemd takes what its files say by then for the next run. */
function unitSteps(want: JobSpec, have: JobState | undefined, { root }: Facts): readonly Step[] {
  const { service, timer } = unitNames(want.fleet, want.app, want.job);
  const put = (path: string, text: string, live: string | undefined): readonly Step[] =>
    live === text ? [] : [{ do: "put", path, content: { text }, mode: "0644" }];
  const newTimer = timerText(want);
  const isReset = have?.timer !== newTimer;
  const script = put(`${jobFolder(root, want.app, want.job)}/run`, runScript, have?.script);
  const units = [
    ...put(unitPath(service), serviceText(want, root), have?.service),
    ...(isReset ? [forget(timer)] : []),
    ...put(unitPath(timer), newTimer, have?.timer),
  ];
  const waits = have?.isEnabled === true && have.isActive && !have.isStale;
  if (units.length === 0 && waits) return script;
  return [...script, ...units, begin(timer)];
}

/** What it would have done by other times was not missed. */
const forget = (timer: string): RunStep =>
  systemd(
    'systemctl stop -- "$1" 2>/dev/null || ! systemctl is-active --quiet -- "$1" || exit 1; rm -f -- "$2"',
    timer,
    stampPath(timer),
  );

const begin = (timer: string): RunStep =>
  systemd(
    'systemctl daemon-reload && systemctl enable --quiet -- "$1" && systemctl start -- "$1"',
    timer,
  );

function unitsAway({ app, job }: JobState, { fleet, root }: Facts): readonly Step[] {
  const { service, timer } = unitNames(fleet, app, job);
  const away = systemd(
    'systemctl disable --quiet -- "$1" 2>/dev/null; rm -f -- "$2" "$3" && systemctl daemon-reload || exit 1; systemctl reset-failed -- "$4" 2>/dev/null || :',
    timer,
    unitPath(timer),
    unitPath(service),
    service,
  );
  return [forget(timer), away, { do: "remove", path: jobFolder(root, app, job) }];
}

const systemd = (script: string, ...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...parameters],
  timeoutMs: 60_000,
});
