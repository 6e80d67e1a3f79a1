import { isObject, type Json } from "../../lib/json.ts";
import type { Field } from "../../model/change.ts";
import { Unreadable } from "../../model/live.ts";
import type { Answers, RunQuery } from "../../model/query.ts";
import type { RunStep, Step } from "../../model/step.ts";
import type { About, Kind } from "../kind.ts";
import {
  beforeQuery,
  forgetBefore,
  readBefore,
  saveBefore,
  unlessNamed,
} from "../shared/before.ts";
import { difference } from "../shared/difference.ts";
import { optional } from "../shared/optional.ts";
import { linesBeforeEnd } from "../shared/lines.ts";
import { runScript, scriptArgv, trialOf } from "../shared/trial.ts";

/** One kernel setting: set at once, and at each boot by a file of its own. */
export interface SysctlSpec {
  /** As sysctl names it: `vm.swappiness`. */
  readonly key: string;
  /** Words with one space between them. */
  readonly value: string;
}

export interface SysctlState {
  readonly key: string;
  /** Undefined: the kernel has no such setting. */
  readonly value?: string;
  /** What our file says. */
  readonly atBoot?: string;
  /** It was taken over; null: the kernel had no such setting then. */
  readonly before?: { readonly value: string | null };
}

const kind = "machine/sysctl";

export const sysctl: Kind<SysctlSpec, SysctlState> = {
  id: kind,
  summary: "A kernel setting of the machine, now and at each boot.",
  declaredIn: ["/machines/sysctl"],
  name: ({ key }) => key,
  key: ({ key }) => key,
  observe: (about) => [settingsQuery(about), beforeQuery(about.root)],
  read: readSettings,
  owner: ({ key, before }) => (before === undefined ? undefined : { name: key }),
  diff: (want, have) => {
    if (want === undefined) return have?.before === undefined ? undefined : leaving(have);
    const fields = fieldsOf(want, have);
    if (fields.length === 0) return undefined;
    return have?.before === undefined
      ? difference("create", "missing", `${want.key} is not set by Slipway`, fields)
      : difference("update", "changed", `${want.key} is not as declared`, fields);
  },
  traces: ({ key, value }, have, { fleet }) =>
    have?.before === undefined || have.atBoot === value
      ? []
      : [{ of: "file", path: bootFile(fleet, key) }],
  apply: ({ want, have }, { root, fleet }) => {
    const key = want?.key ?? have?.key ?? "";
    if (want === undefined) {
      const former = have?.before?.value ?? null;
      const steps: readonly Step[] = [
        { do: "run", argv: ["rm", "-f", "--", bootFile(fleet, key)], timeoutMs: 10_000 },
        ...(former === null || have?.value === former ? [] : [setting(key, former)]),
      ];
      return [...asTrial(steps, { key, have, root, fleet }), forgetBefore(root, kind, key)];
    }
    const taken: readonly Step[] =
      have?.before === undefined
        ? [saveBefore(root, { kind, key, former: { value: have?.value ?? null } })]
        : [];
    const steps: readonly Step[] = [
      ...(have?.value === want.value ? [] : [setting(key, want.value)]),
      {
        do: "put",
        path: bootFile(fleet, key),
        content: { text: `${key} = ${want.value}\n` },
        mode: "0644",
      },
    ];
    return [...taken, ...asTrial(steps, { key, have, root, fleet })];
  },
  redact: (state) => state,
};

function leaving({ key, value, before }: SysctlState) {
  const former = before?.value;
  const then =
    value === undefined
      ? ", and the kernel has no such setting"
      : ": it stays as it is until the next boot, as the kernel had no such setting before";
  const back = typeof former === "string" ? `: ${former} comes back` : then;
  return difference("delete", "undeclared", `${key} is no longer declared${back}`);
}

function fieldsOf(want: SysctlSpec, have: SysctlState | undefined): readonly Field[] {
  const isTaken = have?.before !== undefined;
  return [
    ...(have?.value === want.value
      ? []
      : [{ path: want.key, declared: want.value, ...optional("live", have?.value) }]),
    ...(isTaken && have.atBoot === want.value
      ? []
      : [{ path: "at boot", declared: want.value, ...optional("live", have?.atBoot) }]),
  ];
}

/** After the distribution's own, which end below 90 but for 99-sysctl.conf, the administrator's. */
const prefix = (fleet: string): string => `/etc/sysctl.d/90-slipway-${fleet}-`;

const bootFile = (fleet: string, key: string): string => `${prefix(fleet)}${fileKey(key)}.conf`;

/** By the kernel's own file, as sysctl may not be installed. Of a name with a slash that is a dot. */
const setScript = `printf '%s\\n' "$2" >"/proc/sys/$(printf %s "$1" | tr ./ /.)"`;

const setting = (key: string, value: string): RunStep => runScript(10_000, setScript, key, value);

/** `KEY VALUE FILE LINE`: both as they were; what is empty was not there. */
const restoreScript = `
failed=0
[ -z "$2" ] || { ${setScript}; } || failed=1
if [ -n "$4" ]; then printf '%s\\n' "$4" >"$3"; else rm -f -- "$3"; fi || failed=1
exit "$failed"
`;

interface Place {
  readonly key: string;
  readonly have: SysctlState | undefined;
  readonly root: string;
  readonly fleet: string;
}

/** What is set of the network may take the way to the machine. */
function asTrial(steps: readonly Step[], { key, have, root, fleet }: Place): readonly Step[] {
  const isSet = steps.some((step) => step.do === "run" && step.argv.includes(setScript));
  if (!key.startsWith("net.") || !isSet) return steps;
  const line = have?.atBoot === undefined ? "" : `${key} = ${have.atBoot}`;
  const restore = scriptArgv(restoreScript, key, have?.value ?? "", bootFile(fleet, key), line);
  return [trialOf({ of: key, folder: root, steps, restore, together: kind })];
}

/**
 * `PATH:VALUE` of each key, and of those that have a file of ours, then `FILE:KEY = VALUE`; a value of several lines comes
 * in as many. Keys come with a `%` for a slash, which stands for a dot in a name. No process for each of them.
 */
const script = `
prefix=$1
shift
path_of() {
  set -f
  IFS=. && set -- $1 && IFS=/ && path=$*
  IFS=% && set -- $path && IFS=. && path=/proc/sys/$*
  IFS=' ' && set +f
}
declared=" $* " count=$#
for file in "$prefix"*.conf; do
  [ -f "$file" ] || continue
  key=\${file#"$prefix"} key=\${key%.conf}
  case $declared in *" $key "*) ;; *) set -- "$@" "$key" ;; esac
done
for key; do
  shift
  path_of "$key"
  [ ! -r "$path" ] || set -- "$@" "$path"
done
[ $# -eq 0 ] || grep -H '' -- "$@" || [ $? = 1 ] || exit 1
set -- "$prefix"*.conf
[ ! -f "$1" ] || grep -H '' -- "$@" || [ $? = 1 ] || exit 1
echo end
`;

const fileKey = (key: string): string => key.replaceAll("/", "%");

const settingsQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: [
    "sh",
    "-c",
    script,
    "sh",
    prefix(about.fleet),
    ...(about.named?.get(kind) ?? []).map(fileKey),
  ],
  ...unlessNamed(about, kind, [`${prefix(about.fleet)}*`]),
});

function readSettings(answers: Answers, about: About): ReadonlyMap<string, SysctlState> {
  const lines = linesBeforeEnd(answers, settingsQuery(about), "the kernel's settings have no end");
  const taken = readBefore(answers, about.root, kind);
  const states = new Map<string, SysctlState>(
    [...taken].map(([key, former]) => [key, { key, before: formerOf(former) }]),
  );
  for (const [path, texts] of Map.groupBy(lines, (line) => line.slice(0, line.indexOf(":")))) {
    const text = texts.map((line) => line.slice(path.length + 1)).join(" ");
    const said = path.startsWith(live)
      ? { key: keyOf(path.slice(live.length)), value: words(text) }
      : atBootIn(path, text, about.fleet);
    states.set(said.key, { ...states.get(said.key), ...said });
  }
  return states;
}

const live = "/proc/sys/";

const words = (text: string): string => text.trim().replaceAll(/\s+/g, " ");

/** Slashes for dots, and dots for slashes. */
const keyOf = (path: string): string =>
  path.replaceAll(/[./]/g, (mark) => (mark === "/" ? "." : "/"));

function atBootIn(path: string, text: string, fleet: string): Pick<SysctlState, "key" | "atBoot"> {
  if (!path.startsWith(prefix(fleet)) || !path.endsWith(".conf"))
    throw new Unreadable("not a kernel setting");
  const key = path.slice(prefix(fleet).length, -".conf".length).replaceAll("%", "/");
  return { key, atBoot: words(text.replace(/^[^=]*=/, "")) };
}

function formerOf(former: Json): { readonly value: string | null } {
  const value = isObject(former) ? former["value"] : undefined;
  if (typeof value === "string" || value === null) return { value };
  throw new Unreadable("what a kernel setting was before is damaged");
}
