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
  apply: ({ want, have }, { root, fleet }) => {
    const key = want?.key ?? have?.key ?? "";
    if (want === undefined) {
      const former = have?.before?.value ?? null;
      return [
        { do: "run", argv: ["rm", "-f", "--", bootFile(fleet, key)], timeoutMs: 10_000 },
        ...(former === null || have?.value === former ? [] : [setting(key, former)]),
        forgetBefore(root, kind, key),
      ];
    }
    const taken: readonly Step[] =
      have?.before === undefined
        ? [saveBefore(root, { kind, key, former: { value: have?.value ?? null } })]
        : [];
    return [
      ...taken,
      ...(have?.value === want.value ? [] : [setting(key, want.value)]),
      {
        do: "put",
        path: bootFile(fleet, key),
        content: { text: `${key} = ${want.value}\n` },
        mode: "0644",
      },
    ];
  },
  redact: (state) => state,
};

function leaving({ key, before }: SysctlState) {
  const former = before?.value;
  const back = typeof former === "string" ? `: ${former} comes back` : "";
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

const bootFile = (fleet: string, key: string): string =>
  `${prefix(fleet)}${key.replaceAll("/", "%")}.conf`;

/** By the kernel's own file, as sysctl may not be installed. Of a name with a slash that is a dot. */
const setting = (key: string, value: string): RunStep => ({
  do: "run",
  argv: [
    "sh",
    "-c",
    `printf '%s\\n' "$2" >"/proc/sys/$(printf %s "$1" | tr ./ /.)"`,
    "sh",
    key,
    value,
  ],
  timeoutMs: 10_000,
});

/** `key=value` and `key:value at boot`, a line each, then `end`. */
const script = `
prefix=$1
shift
say() {
  path=/proc/sys/$(printf %s "$1" | tr ./ /.)
  [ ! -r "$path" ] || { printf '%s=' "$1" && tr '\\n' ' ' <"$path" && echo; } || exit 1
}
for key; do say "$key"; done
for file in "$prefix"*.conf; do
  [ -f "$file" ] || continue
  key=\${file#"$prefix"}
  key=$(printf %s "\${key%.conf}" | tr % /)
  say "$key"
  printf '%s:' "$key" && sed 's/^[^=]*= *//' <"$file" | tr '\\n' ' ' && echo || exit 1
done
echo end
`;

const settingsQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", prefix(about.fleet), ...(about.named?.get(kind) ?? [])],
  ...unlessNamed(about, kind, [`${prefix(about.fleet)}*`]),
});

function readSettings(answers: Answers, about: About): ReadonlyMap<string, SysctlState> {
  const lines = linesBeforeEnd(answers, settingsQuery(about), "the kernel's settings have no end");
  const taken = readBefore(answers, about.root, kind);
  const states = new Map<string, SysctlState>(
    [...taken].map(([key, former]) => [key, { key, before: formerOf(former) }]),
  );
  for (const line of lines) {
    const [, key = "", mark, text = ""] = /^([^=:]+)([=:])(.*)$/.exec(line) ?? [];
    if (mark === undefined) throw new Unreadable("not a kernel setting");
    const value = text.trim().replaceAll(/\s+/g, " ");
    const known = states.get(key) ?? { key };
    states.set(key, { ...known, ...(mark === "=" ? { value } : { atBoot: value }) });
  }
  return states;
}

function formerOf(former: Json): { readonly value: string | null } {
  const value = isObject(former) ? former["value"] : undefined;
  if (typeof value === "string" || value === null) return { value };
  throw new Unreadable("what a kernel setting was before is damaged");
}
