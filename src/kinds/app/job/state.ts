import { Unreadable } from "../../../model/live.ts";
import type { Answers, RunQuery } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import { labelOf, readContainer } from "../../shared/container/live.ts";
import { containersQuery } from "../../shared/engine.ts";
import { label } from "../../shared/labels.ts";
import { jobKey, type JobContainer, type JobState } from "./spec.ts";
import { unitPath, unitPrefix } from "./units.ts";
import { unlessNamed } from "../../shared/before.ts";

export const kind = "app/job";

/**
 * What the machine can, then `file PATH` and its lines behind a bar, then what systemd says of each unit, then `end`.
 * Nobody has files of such a size.
 */
const script = `
prefix=$1 root=$2
[ ! -d /run/systemd/system ] || echo systemd
! { command -v curl || command -v perl; } >/dev/null 2>&1 || echo client
set --
for file in "$prefix"*.service "$prefix"*.timer "$root"/jobs/*/run; do
  [ -f "$file" ] || continue
  printf 'file %s\\n' "$file" && head -c 32768 "$file" | sed 's/^/|/' && echo || exit 1
  [ "\${file##*/}" = run ] || set -- "$@" "\${file##*/}"
done
[ $# -eq 0 ] || systemctl show -p Id,ActiveState,UnitFileState,NeedDaemonReload -- "$@" || exit 1
echo end
`;

export const jobsQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", unitPath(unitPrefix(about.fleet)), about.root],
  ...unlessNamed(about, kind, [`${unitPath(unitPrefix(about.fleet))}*`, `${about.root}/jobs`]),
});

interface Found {
  readonly can: ReadonlySet<string>;
  /** By path. */
  readonly files: ReadonlyMap<string, string>;
  /** By unit. */
  readonly units: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Jobs by app and name. Where some are declared, a machine that cannot run any is unreadable. */
export function readJobs(answers: Answers, about: About): ReadonlyMap<string, JobState> {
  const found = parse(answers.text(jobsQuery(about)) ?? "");
  if ((about.named?.get(kind) ?? []).length > 0) {
    if (!found.can.has("systemd"))
      throw new Unreadable("this machine has no systemd, whose timers start jobs");
    if (!found.can.has("client"))
      throw new Unreadable("this machine has neither curl nor perl, by which jobs are started");
  }
  const states = new Map<string, JobState>();
  const known = (app: string, job: string): JobState =>
    states.get(jobKey(app, job)) ?? {
      app,
      family: app,
      job,
      containers: [],
      isEnabled: false,
      isActive: false,
      isStale: false,
    };
  const add = (state: JobState): void => void states.set(jobKey(state.app, state.job), state);
  for (const [path, text] of found.files) {
    const [, app, job, part] = partOf(path, about) ?? [];
    if (app === undefined || job === undefined || part === undefined) continue;
    const state = known(app, job);
    const unit = found.units.get(path.slice(path.lastIndexOf("/") + 1));
    const isStale = state.isStale || unit?.get("NeedDaemonReload") === "yes";
    if (part === "run") add({ ...state, script: text });
    else if (part === "service") {
      const family = /^Family=([a-z0-9-]+)$/m.exec(text)?.[1] ?? state.family;
      add({ ...state, family, service: text, isStale });
    } else {
      const isEnabled = unit?.get("UnitFileState") === "enabled";
      const isActive = unit?.get("ActiveState") === "active";
      add({ ...state, timer: text, isEnabled, isActive, isStale });
    }
  }
  for (const container of containersOf(answers, about)) {
    const { app, family, job } = container;
    const state = known(app, job);
    add({ ...state, family, containers: [...state.containers, container].toSorted(byAge) });
  }
  return states;
}

const byAge = (a: JobContainer, b: JobContainer): number => (a.createdAt < b.createdAt ? 1 : -1);

/** App, job and part of it: `run`, `service`, `timer`. */
function partOf(path: string, { fleet, root }: About): readonly string[] | undefined {
  const [folder, units] = [`${root}/jobs/`, unitPath(unitPrefix(fleet))];
  const name = /^([a-z0-9-]+)\.([a-z0-9-]+)[./](run|service|timer)$/;
  const rest = [folder, units].find((start) => path.startsWith(start));
  return rest === undefined ? undefined : (name.exec(path.slice(rest.length)) ?? undefined);
}

const containersOf = (
  answers: Answers,
  about: About,
): readonly (JobContainer & { readonly job: string })[] =>
  answers.each(containersQuery).flatMap((inspect) => {
    const job = labelOf(inspect, label.job);
    if (job === undefined || labelOf(inspect, label.fleet) !== about.fleet) return [];
    const live = readContainer(inspect);
    const deadlineMs = Number(labelOf(inspect, label.deadline) ?? Number.NaN);
    if (!Number.isFinite(deadlineMs)) throw new Unreadable(`${live.name} has no deadline`);
    return live.status === "removing" ? [] : [{ ...live, job, deadlineMs }];
  });

function parse(text: string): Found {
  const lines = text.trimEnd().split("\n");
  if (lines.pop() !== "end") throw new Unreadable("the machine's jobs have no end");
  const can = new Set<string>();
  const files = new Map<string, string>();
  const units = new Map<string, ReadonlyMap<string, string>>();
  let path: string | undefined;
  let unit = new Map<string, string>();
  for (const line of lines) {
    const [, key, value = ""] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (line === "systemd" || line === "client") can.add(line);
    else if (line.startsWith("file ")) {
      path = line.slice("file ".length);
      files.set(path, "");
    } else if (line.startsWith("|") && path !== undefined)
      files.set(path, `${files.get(path)}${line.slice(1)}\n`);
    else if (key !== undefined) {
      unit.set(key, value);
      if (key === "Id") units.set(value, unit);
    } else if (line === "") unit = afterUnit(unit, units);
    else throw new Unreadable("not what is asked of a machine's jobs");
  }
  afterUnit(unit, units);
  return { can, files, units };
}

/** systemd says the properties in an order of its own. */
function afterUnit(
  unit: Map<string, string>,
  units: Map<string, ReadonlyMap<string, string>>,
): Map<string, string> {
  const id = unit.get("Id");
  if (id !== undefined) units.set(id, unit);
  return new Map();
}
