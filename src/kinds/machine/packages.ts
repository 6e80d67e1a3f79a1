import { isObject, type Json } from "../../lib/json.ts";
import { compareDebianVersions } from "../../lib/debian-version.ts";
import type { Difference } from "../../model/change.ts";
import { Unreadable } from "../../model/live.ts";
import type { Answers, RunQuery } from "../../model/query.ts";
import type { Step } from "../../model/step.ts";
import type { About, Kind } from "../kind.ts";
import { downgradePackage, installPackage, removePackage } from "../shared/apt.ts";
import {
  beforeQuery,
  forgetBefore,
  readBefore,
  saveBefore,
  takenBy,
  unlessNamed,
  withTaken,
} from "../shared/before.ts";
import { difference } from "../shared/difference.ts";
import { optional } from "../shared/optional.ts";
import { linesBeforeEnd } from "../shared/lines.ts";

/** A package of Debian, or of what is made from it. */
export interface PackageSpec {
  readonly name: string;
  /** Exactly this one; without it any. */
  readonly version?: string;
  /** All of the machine's, `NAME` or `NAME=VERSION`: what is missing of them comes by one run of apt. */
  readonly all: readonly string[];
}

export interface PackageState {
  readonly name: string;
  /** Undefined: not installed. */
  readonly version?: string;
  /** It is there by half: dpkg was cut. */
  readonly isHalf?: true;
  /** It was taken over; null: it was not installed then. */
  readonly before?: { readonly version: string | null };
}

const kind = "machine/packages";

export const packages: Kind<PackageSpec, PackageState> = {
  id: kind,
  summary: "A package that is installed on the machine.",
  declaredIn: ["/machines/packages"],
  name: ({ name }) => name,
  key: ({ name }) => name,
  observe: (about) => [packagesQuery(about), beforeQuery(about.root)],
  read: readPackages,
  owner: ({ name, before }) => (before === undefined ? undefined : { name }),
  diff: (want, have) => {
    if (want === undefined) return have?.before === undefined ? undefined : leaving(have);
    if (isAsWanted(want, have))
      return have?.before === undefined
        ? difference("create", "taken-over", `${want.name} is installed, and stays as it is`)
        : undefined;
    const fields = [
      { path: "version", declared: want.version ?? "any", ...optional("live", have?.version) },
    ];
    if (have?.version === undefined)
      return difference("create", "missing", `${want.name} is not installed`, fields);
    return isOlder(want, have)
      ? difference("update", "downgrade", `${want.name} is newer than declared`, fields)
      : difference("update", "changed", `${want.name} is not at the declared version`, fields);
  },
  apply: ({ want, have, difference: found }, { root }) => {
    const name = want?.name ?? have?.name ?? "";
    if (want === undefined)
      return [
        ...(found.reason.code === "removal" ? [removePackage(name)] : []),
        forgetBefore(root, kind, name),
      ];
    const taken: readonly Step[] =
      have?.before === undefined
        ? [saveBefore(root, { kind, key: name, former: { version: have?.version ?? null } })]
        : [];
    if (isAsWanted(want, have)) return taken;
    const text = want.version === undefined ? name : `${name}=${want.version}`;
    return [
      ...taken,
      isOlder(want, have) ? downgradePackage(text) : installPackage(text, want.all),
    ];
  },
  redact: (state) => state,
};

const isAsWanted = ({ version }: PackageSpec, have: PackageState | undefined): boolean =>
  have?.version !== undefined && (version === undefined || have.version === version);

const isOlder = ({ version }: PackageSpec, have: PackageState | undefined): boolean =>
  version !== undefined &&
  have?.version !== undefined &&
  compareDebianVersions(version, have.version) < 0;

function leaving({ name, version, isHalf, before }: PackageState): Difference {
  const gone = `${name} is no longer declared`;
  if (isHalf === true && before?.version === null)
    return difference(
      "delete",
      "removal",
      `${gone}, and was installed or removed only by half: it is removed`,
    );
  if (version === undefined)
    return difference("delete", "undeclared", `${gone}, and is not there any more`);
  if (before?.version === null)
    return difference(
      "delete",
      "removal",
      `${gone}, and was installed by Slipway: it is removed; its data and configuration, and what came with it, stay`,
    );
  const then = before?.version === version ? "" : `, ${version} (it was ${before?.version})`;
  return difference("delete", "undeclared", `${gone}: it stays installed${then}`);
}

/** `STATUS NAME VERSION`, a line each, then `end`; of those that are named, and of those that were taken over. */
const script = `${withTaken(kind)}if [ $# -gt 0 ]; then
  command -v dpkg-query >/dev/null || { echo 'no dpkg'; echo end; exit 0; }
  dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version}\\n' -- "$@" 2>/dev/null
  [ $? -le 1 ] || exit 1
fi
echo end
`;

const packagesQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", about.root, ...(about.named?.get(kind) ?? [])],
  ...unlessNamed(about, kind, [takenBy(kind, about.root)]),
});

function readPackages(answers: Answers, about: About): ReadonlyMap<string, PackageState> {
  const lines = linesBeforeEnd(answers, packagesQuery(about), "the packages have no end");
  if (lines.includes("no dpkg"))
    throw new Unreadable(
      "it has no dpkg: packages are those of Debian and of what is made from it",
    );
  const taken = readBefore(answers, about.root, kind);
  const states = new Map<string, PackageState>(
    [...taken].map(([name, former]) => [name, { name, before: formerOf(former) }]),
  );
  for (const line of lines) {
    const [, status = "", name = "", version = ""] = /^(\S+) (\S+) ?(\S*)$/.exec(line) ?? [];
    if (status === "") throw new Unreadable("not a package");
    const known = states.get(name) ?? { name };
    if (isBetween(status)) states.set(name, { ...known, isHalf: true });
    if (status === "installed" && known.version === undefined)
      states.set(name, { ...known, version });
  }
  return states;
}

/** Neither there nor gone. */
const isBetween = (status: string): boolean => /^(?:half-.*|unpacked)$/.test(status);

function formerOf(former: Json): { readonly version: string | null } {
  const version = isObject(former) ? former["version"] : undefined;
  if (typeof version === "string" || version === null) return { version };
  throw new Unreadable("what a package was before is damaged");
}
