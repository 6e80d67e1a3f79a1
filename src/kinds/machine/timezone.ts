import { isObject, type Json } from "../../lib/json.ts";
import { Unreadable } from "../../model/live.ts";
import type { Answers, RunQuery } from "../../model/query.ts";
import type { RunStep } from "../../model/step.ts";
import type { About, Kind } from "../kind.ts";
import { beforePath, beforeQuery, readBefore, saveBefore, unlessNamed } from "../shared/before.ts";
import { difference } from "../shared/difference.ts";
import { forgetKept, keepFile, restoreFile } from "../shared/kept.ts";
import { optional } from "../shared/optional.ts";
import { linesBeforeEnd } from "../shared/lines.ts";

/** What the machine's clocks show. */
export interface TimezoneSpec {
  /** As in the IANA's database: `Europe/Berlin`. */
  readonly zone: string;
}

export interface TimezoneState {
  /** `/etc/localtime`: where the link leads; `file`: it is none, but a copy. Undefined: there is none. */
  readonly localtime?: { readonly link: string } | "file";
  /** What `/etc/timezone` says. Undefined: there is none. */
  readonly named?: string;
  /** It was taken over. */
  readonly before?: Former;
}

interface Former {
  readonly localtime: { readonly link: string } | "file" | null;
  readonly named: string | null;
}

const kind = "machine/timezone";
const localtime = "/etc/localtime";
const zones = "/usr/share/zoneinfo/";

export const timezone: Kind<TimezoneSpec, TimezoneState> = {
  id: kind,
  summary: "The time zone of the machine.",
  declaredIn: ["/machines/timezone"],
  name: () => "",
  key: () => "",
  observe: (about) => [zoneQuery(about), beforeQuery(about.root)],
  read: readZone,
  owner: ({ before }) => (before === undefined ? undefined : { name: "" }),
  diff: (want, have) => {
    const shown = have === undefined ? undefined : zoneOf(have);
    if (want === undefined) {
      if (have?.before === undefined) return undefined;
      const former = zoneOf(have.before) ?? "none";
      return difference(
        "delete",
        "undeclared",
        `timezone is no longer declared: ${former} comes back`,
      );
    }
    const fields = [
      ...(shown === want.zone
        ? []
        : [{ path: "timezone", declared: want.zone, ...optional("live", shown) }]),
      ...(have?.named === want.zone
        ? []
        : [{ path: "/etc/timezone", declared: want.zone, ...optional("live", have?.named) }]),
    ];
    if (have?.before === undefined)
      return difference("create", "missing", "the time zone is not set by Slipway", fields);
    return fields.length === 0
      ? undefined
      : difference("update", "changed", "the time zone is not as declared", fields);
  },
  traces: ({ zone }, have) =>
    have?.before === undefined
      ? []
      : [{ of: "file", path: zoneOf(have) === zone ? "/etc/timezone" : localtime }],
  apply: ({ want, have }, { root }) => {
    if (want === undefined) {
      const { localtime: former = null, named = null } = have?.before ?? {};
      return [
        former === "file" ? restoreFile(root, kind, "", localtime) : setLink(former?.link ?? ""),
        setName(named ?? ""),
        forgetKept(root, kind, ""),
      ];
    }
    const former: Former = { localtime: have?.localtime ?? null, named: have?.named ?? null };
    return [
      ...(have?.before !== undefined
        ? []
        : [
            ...(former.localtime === "file" ? [keepFile(root, kind, "", localtime)] : []),
            saveBefore(root, {
              kind,
              key: "",
              former: { localtime: plain(former.localtime), named: former.named },
            }),
          ]),
      setZone(want.zone),
      setName(want.zone),
    ];
  },
  redact: (state) => state,
};

function zoneOf({
  localtime: there,
}: Pick<TimezoneState, "localtime"> | Former): string | undefined {
  if (there === undefined || there === null) return undefined;
  if (there === "file") return "a copied file";
  const at = there.link.lastIndexOf("/zoneinfo/");
  return at < 0 ? there.link : there.link.slice(at + "/zoneinfo/".length);
}

const plain = (there: Former["localtime"]): Json =>
  there === null || there === "file" ? there : { link: there.link };

const run = (script: string, ...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...parameters],
  timeoutMs: 10_000,
});

const linkScript = `
set -eu
if [ -z "$1" ]; then rm -f -- /etc/localtime; exit 0; fi
ln -s -- "$1" /etc/localtime.slipway-new
mv -f -- /etc/localtime.slipway-new /etc/localtime
`;

const setLink = (to: string): RunStep =>
  run(`rm -f -- /etc/localtime.slipway-new${linkScript}`, to);

/** What is not installed cannot be set; so much is known only there. */
const setZone = (zone: string): RunStep =>
  run(
    `[ -f "$1" ] || { echo "there is no $1: package tzdata brings it" >&2; exit 1; }
rm -f -- /etc/localtime.slipway-new${linkScript}`,
    `${zones}${zone}`,
  );

const setName = (name: string): RunStep =>
  run(
    `if [ -n "$1" ]; then printf '%s\\n' "$1" >/etc/timezone; else rm -f -- /etc/timezone; fi`,
    name,
  );

/** `link TARGET`, `file` or `nothing`; then, where there is one, `named NAME`. */
const script = `
if [ -L /etc/localtime ]; then printf 'link %s\\n' "$(readlink /etc/localtime)"
elif [ -f /etc/localtime ]; then echo file
elif [ -e /etc/localtime ]; then exit 1
else echo nothing; fi
[ ! -f /etc/timezone ] || { read -r name </etc/timezone; printf 'named %s\\n' "$name"; }
echo end
`;

const zoneQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script],
  ...unlessNamed(about, kind, [beforePath(about.root, kind, "")]),
});

function readZone(answers: Answers, about: About): ReadonlyMap<string, TimezoneState> {
  const lines = linesBeforeEnd(answers, zoneQuery(about), "the time zone has no end");
  const [first, second = ""] = lines;
  if (first === undefined) return new Map();
  const link = /^link (.+)$/.exec(first)?.[1];
  if (link === undefined && first !== "file" && first !== "nothing")
    throw new Unreadable("not a time zone");
  const former = readBefore(answers, about.root, kind).get("");
  const named = /^named (.*)$/.exec(second)?.[1];
  const copied = first === "file" ? first : undefined;
  const there: TimezoneState["localtime"] = link === undefined ? copied : { link };
  return new Map([
    [
      "",
      {
        ...(there === undefined ? {} : { localtime: there }),
        ...optional("named", named),
        ...(former === undefined ? {} : { before: formerOf(former) }),
      },
    ],
  ]);
}

function formerOf(former: Json): Former {
  const { localtime: there, named } = isObject(former) ? former : {};
  const link = isObject(there) ? there["link"] : undefined;
  const isName = typeof named === "string" || named === null;
  if (isName && (there === "file" || there === null)) return { localtime: there, named };
  if (isName && typeof link === "string") return { localtime: { link }, named };
  throw new Unreadable("what the time zone was before is damaged");
}
