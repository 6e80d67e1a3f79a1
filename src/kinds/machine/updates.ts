import { digestOfLines } from "../../lib/hash.ts";
import { isObject, type Json } from "../../lib/json.ts";
import type { Difference, Field } from "../../model/change.ts";
import { Unreadable } from "../../model/live.ts";
import type { Answers, RunQuery } from "../../model/query.ts";
import type { RunStep, Step } from "../../model/step.ts";
import type { About, Kind } from "../kind.ts";
import { installPackage, removePackage } from "../shared/apt.ts";
import {
  beforePath,
  beforeQuery,
  forgetBefore,
  readBefore,
  saveBefore,
  unlessNamed,
} from "../shared/before.ts";
import { difference } from "../shared/difference.ts";
import { optional } from "../shared/optional.ts";
import { linesBeforeEnd } from "../shared/lines.ts";

/** Which updates the machine installs by itself. */
export interface UpdatesSpec {
  readonly updates: "security" | "none";
  /** Packages that stay at their version, sorted: they would be newer than declared. Undefined: none. */
  readonly pinned?: readonly string[];
}

export interface UpdatesState {
  /** What our file says; `other`: it was changed by hand. Undefined: there is none. */
  readonly file?: "security" | "none" | "other";
  /** Which packages it leaves as they are. Undefined: all come. */
  readonly pinned?: readonly string[];
  /** Whether what installs them is there. */
  readonly isInstalled: boolean;
  /** It is there by half: dpkg was cut. */
  readonly isHalf?: true;
  /** It is declared among the packages, too. */
  readonly isDeclared: boolean;
  /** It was taken over. */
  readonly before?: { readonly isInstalled: boolean };
}

const kind = "machine/updates";
const tool = "unattended-upgrades";

export const updates: Kind<UpdatesSpec, UpdatesState> = {
  id: kind,
  summary: "Security updates that the machine installs by itself.",
  declaredIn: ["/machines/updates"],
  name: () => "",
  key: () => "",
  observe: (about) => [updatesQuery(about), beforeQuery(about.root)],
  read: readUpdates,
  owner: ({ before }) => (before === undefined ? undefined : { name: "" }),
  diff: (want, have) => {
    if (want === undefined) return have?.before === undefined ? undefined : leaving(have);
    const fields = fieldsOf(want, have);
    if (have?.before === undefined)
      return difference("create", "missing", "updates are not set by Slipway", fields);
    return fields.length === 0
      ? undefined
      : difference("update", "changed", "updates are not as declared", fields);
  },
  traces: (want, have, { fleet }) =>
    have?.before === undefined || (have.file === want.updates && hasPins(want, have))
      ? []
      : [{ of: "file", path: dropIn(fleet) }],
  apply: ({ want, have }, { root, fleet }) => {
    if (want === undefined)
      return [
        removeFile(fleet),
        ...(have !== undefined && isOurs(have) ? [removePackage(tool)] : []),
        forgetBefore(root, kind, ""),
      ];
    const isInstalled = have?.isInstalled ?? false;
    const taken: readonly Step[] =
      have?.before === undefined
        ? [saveBefore(root, { kind, key: "", former: { isInstalled } })]
        : [];
    return [
      ...taken,
      ...(have?.file === want.updates && hasPins(want, have)
        ? []
        : [
            {
              do: "put" as const,
              path: dropIn(fleet),
              content: {
                text: contentOf(want)
                  .map((line) => `${line}\n`)
                  .join(""),
              },
              mode: "0644",
            },
          ]),
      ...(want.updates === "none" || isInstalled ? [] : [installPackage(tool, [tool])]),
    ];
  },
  redact: (state) => state,
};

function leaving(have: UpdatesState): Difference {
  const then = isOurs(have)
    ? `${tool}, which Slipway installed for it, is removed; what came with it stays`
    : "the machine's own settings stand again";
  return difference("delete", "undeclared", `updates are no longer declared: ${then}`);
}

const isOurs = ({ isInstalled, isHalf, isDeclared, before }: UpdatesState): boolean =>
  before?.isInstalled === false && (isInstalled || isHalf === true) && !isDeclared;

function fieldsOf(want: UpdatesSpec, have: UpdatesState | undefined): readonly Field[] {
  const declared = want.updates;
  const isMissing = declared === "security" && have?.isInstalled !== true;
  return [
    ...(have?.file === declared
      ? []
      : [{ path: "updates", declared, ...(have?.file && { live: have.file }) }]),
    ...(hasPins(want, have)
      ? []
      : [
          {
            path: "pinned",
            ...(pinsOf(want).length === 0 ? {} : { declared: pinsOf(want) }),
            ...optional("live", have?.pinned),
          },
        ]),
    ...(isMissing ? [{ path: tool, declared: "installed" }] : []),
  ];
}

/** Only what installs updates has to know of pins. */
const pinsOf = ({ updates: wanted, pinned = [] }: UpdatesSpec): readonly string[] =>
  wanted === "security" ? pinned : [];

const hasPins = (want: UpdatesSpec, have: UpdatesState | undefined): boolean =>
  pinsOf(want).join() === (have?.pinned ?? []).join();

/** After the distribution's own, 20auto-upgrades and 50unattended-upgrades. */
const dropIn = (fleet: string): string => `/etc/apt/apt.conf.d/52slipway-${fleet}`;

const removeFile = (fleet: string): RunStep => ({
  do: "run",
  argv: ["rm", "-f", "--", dropIn(fleet)],
  timeoutMs: 10_000,
});

const contents: Readonly<Record<UpdatesSpec["updates"], readonly string[]>> = {
  security: [
    "// Written by Slipway: the machine installs security updates, and no others, by itself.",
    'APT::Periodic::Update-Package-Lists "1";',
    'APT::Periodic::Unattended-Upgrade "1";',
    "#clear Unattended-Upgrade::Allowed-Origins;",
    "#clear Unattended-Upgrade::Origins-Pattern;",
    "Unattended-Upgrade::Origins-Pattern {",
    '  "origin=Debian,codename=${distro_codename},label=Debian-Security";',
    '  "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";',
    '  "origin=${distro_id},archive=${distro_codename}-security";',
    '  "origin=${distro_id}ESM,archive=${distro_codename}-infra-security";',
    '  "origin=${distro_id}ESMApps,archive=${distro_codename}-apps-security";',
    "};",
    'Unattended-Upgrade::Automatic-Reboot "false";',
  ],
  none: [
    "// Written by Slipway: the machine installs no updates by itself.",
    'APT::Periodic::Update-Package-Lists "0";',
    'APT::Periodic::Unattended-Upgrade "0";',
  ],
};

/** The list is added to the machine's own. Each is a regular expression that need match only the beginning of a name. */
function contentOf(want: UpdatesSpec): readonly string[] {
  const pins = pinsOf(want);
  const lines = contents[want.updates];
  if (pins.length === 0) return lines;
  const names = pins.map((name) => `  "^${name.replaceAll(/[+.]/g, "[$&]")}$";`);
  return [
    ...lines,
    "// Packages that are declared at one version.",
    "Unattended-Upgrade::Package-Blacklist {",
    ...names,
    "};",
  ];
}

const pinOf = (line: string): readonly string[] => {
  const [, name] = /^pinned {3}"\^(.*)\$";$/.exec(line) ?? [];
  return name === undefined ? [] : [name.replaceAll(/\[([+.])\]/g, "$1")];
};

/** `sum SUM` of our file, `pinned LINE` each of those that look like it, and `installed`. */
const script = `
command -v dpkg-query >/dev/null || { echo 'no dpkg'; echo end; exit 0; }
if [ -e "$1" ]; then
  printf 'sum %s\\n' "$(sha256sum <"$1")" || exit 1
  while IFS= read -r line; do
    case $line in '  "^'*'$";') printf 'pinned %s\\n' "$line" ;; esac
  done <"$1"
fi
dpkg-query -W -f '\${db:Status-Status}\\n' ${tool} 2>/dev/null || echo none
echo end
`;

const updatesQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", dropIn(about.fleet)],
  ...unlessNamed(about, kind, [beforePath(about.root, kind, "")]),
});

function readUpdates(answers: Answers, about: About): ReadonlyMap<string, UpdatesState> {
  const lines = linesBeforeEnd(answers, updatesQuery(about), "the updates have no end");
  if (lines.length === 0) return new Map();
  if (lines.includes("no dpkg"))
    throw new Unreadable("it has no dpkg: updates are those of Debian and of what is made from it");
  const sum = lines.map((line) => /^sum ([0-9a-f]{64})\b/.exec(line)?.[1]).find(Boolean);
  const former = readBefore(answers, about.root, kind).get("");
  return new Map([
    [
      "",
      {
        ...(sum === undefined ? {} : fileOf(sum, lines.flatMap(pinOf))),
        isInstalled: lines.includes("installed"),
        ...(lines.some((line) => /^(?:half-.*|unpacked)$/.test(line))
          ? { isHalf: true as const }
          : {}),
        isDeclared: readBefore(answers, about.root, "machine/packages").has(tool),
        ...(former === undefined ? {} : { before: formerOf(former) }),
      },
    ],
  ]);
}

function fileOf(sum: string, pinned: readonly string[]): Pick<UpdatesState, "file" | "pinned"> {
  const file = (["security", "none"] as const).find(
    (level) => digestOfLines(contentOf({ updates: level, pinned })) === sum,
  );
  if (file === undefined) return { file: "other" };
  return { file, ...(pinned.length === 0 ? {} : { pinned }) };
}

function formerOf(former: Json): { readonly isInstalled: boolean } {
  const isInstalled = isObject(former) ? former["isInstalled"] : undefined;
  if (typeof isInstalled === "boolean") return { isInstalled };
  throw new Unreadable("what the updates were before is damaged");
}
