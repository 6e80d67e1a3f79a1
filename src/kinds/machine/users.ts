import { canonicalJson } from "../../lib/json.ts";
import type { RunStep, Step } from "../../model/step.ts";
import type { Kind } from "../kind.ts";
import { beforeQuery, forgetBefore, saveBefore } from "../shared/before.ts";
import { scriptArgv, trialOf } from "../shared/trial.ts";
import * as scripts from "./users/scripts.ts";
import { clashOf, differenceOf, differingOf, shortKey, sudoLine, whole } from "./users/diff.ts";
import {
  allKeys,
  kind,
  readUsers,
  seenQuery,
  type Account,
  type Former,
  type UserState,
} from "./users/state.ts";

export type { UserState } from "./users/state.ts";

/** A person's account on a machine. */
export interface UserSpec {
  readonly name: string;
  /** All its keys, as lines of authorized_keys; undefined: they are left as they are. */
  readonly keys?: readonly string[];
  /** It can become root without a password. */
  readonly sudo?: boolean;
  /** It is in these, besides others. */
  readonly groups: readonly string[];
  readonly shell?: string;
}

export const users: Kind<UserSpec, UserState> = {
  id: kind,
  summary: "A login on the machine: its account, its keys, and whether it can become root.",
  declaredIn: ["/machines/users"],
  name: ({ name }) => name,
  key: ({ name }) => name,
  observe: (about) => [seenQuery(about), beforeQuery(about.root)],
  read: readUsers,
  owner: ({ name, before, isKept }) =>
    before === undefined && isKept === undefined ? undefined : { name },
  clash: clashOf,
  diff: (want, have) => differenceOf(want, have),
  traces: (want, have, { fleet }) => {
    const { account, before } = have ?? {};
    if (account === undefined || before === undefined) return [];
    const { keys, sudo } = differingOf(want, have ?? want);
    return [
      ...(keys === undefined ? [] : [`${account.home}/.ssh/authorized_keys`]),
      ...(keys === undefined || account.second === undefined
        ? []
        : [`${account.home}/.ssh/authorized_keys2`]),
      ...(sudo === undefined ? [] : [sudoOf(fleet, want.name)]),
    ].map((path) => ({ of: "file", path }));
  },
  apply: ({ want, have }, { root, fleet }) => {
    const name = want?.name ?? have?.name ?? "";
    const places = {
      root,
      name,
      folder: `${root}/before/users/${name}`,
      sudo: sudoOf(fleet, name),
    };
    return want === undefined ? leave(places, have) : make(places, want, have ?? { name });
  },
  redact: ({ account, ...rest }) => ({
    ...rest,
    ...(account === undefined ? {} : { account: redacted(account) }),
  }),
};

interface Places {
  readonly root: string;
  readonly name: string;
  /** What it was before. */
  readonly folder: string;
  readonly sudo: string;
}

const sudoOf = (fleet: string, name: string): string => `/etc/sudoers.d/slipway-${fleet}-${name}`;

const redacted = ({ keys, second, ...rest }: Account): Account => ({
  ...rest,
  keys: keys.map(shortKey),
  ...(second === undefined ? {} : { second: second.map(shortKey) }),
});

const run = (script: string, ...values: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...values],
  timeoutMs: 30_000,
});

const command = (...argv: readonly string[]): RunStep => run(scripts.command, ...argv);

function make(places: Places, want: UserSpec, seen: UserState): readonly Step[] {
  const { root, name, folder, sudo } = places;
  const have = whole(seen);
  const { account } = have;
  const differing = differingOf(want, have);
  const { keys, shell, join, leave: left } = differing;
  const before = have.before ?? formerNow(have);
  const groups = union(before.given.groups, join);
  const given = {
    groups: groups.filter((group) => !left.includes(group)),
    ...(want.keys === undefined ? {} : { keys: want.keys }),
  };
  // What is given is taken away again, and what goes is known to, also where we do not come to the end.
  const own =
    before.given.keys ?? (want.keys === undefined ? undefined : account && allKeys(account));
  const underWay = {
    groups,
    ...(own === undefined && want.keys === undefined ? {} : { keys: union(own, want.keys) }),
  };
  const save = (next: Former["given"]): Step =>
    saveBefore(root, { kind, key: name, former: { ...before, given: next } });
  const changes: readonly Step[] = [
    ...(account === undefined
      ? [run(scripts.create, name, want.shell ?? "", seen.account === undefined ? "" : "half")]
      : []),
    ...(shell === undefined || account === undefined
      ? []
      : [command("usermod", "-s", shell, name)]),
    ...(join.length === 0 ? [] : [command("usermod", "-aG", join.join(","), name)]),
    ...left.map((group) => command("gpasswd", "-d", name, group)),
    ...(keys === undefined
      ? []
      : keys === "former"
        ? [run(scripts.giveKeys, name, `${folder}/keys`)]
        : [
            {
              ...run(scripts.setKeys, name),
              stdin: keys.map((key) => `${key}\n`).join(""),
            },
          ]),
    ...(differing.sudo === undefined
      ? []
      : [
          differing.sudo
            ? { ...run(scripts.setSudo, sudo), stdin: `${sudoLine(name)}\n` }
            : command("rm", "-f", "--", sudo),
        ]),
  ];
  return [
    ...(have.before === undefined ? [run(scripts.take, folder, name)] : []),
    ...(have.before === undefined || !isSame(underWay, before.given) ? [save(underWay)] : []),
    ...(differing.isHomeless === true ? [run(scripts.makeHome, name)] : []),
    ...asTrial(places, account?.isLogin === true, changes),
    ...(isSame(given, underWay) ? [] : [save(given)]),
  ];
}

const union = (some: readonly string[] = [], others: readonly string[] = []): readonly string[] => [
  ...new Set([...some, ...others]),
];

const isSame = (a: Former["given"], b: Former["given"]): boolean =>
  canonicalJson(a) === canonicalJson(b);

const formerNow = ({ account }: UserState): Former => ({
  wasThere: account !== undefined,
  shell: account?.shell ?? "",
  given: { groups: [] },
});

function leave(places: Places, have: UserState | undefined): readonly Step[] {
  const { root, name, folder, sudo } = places;
  const { account, before } = have ?? {};
  // In this order, as the folder alone is known again.
  const forget: readonly Step[] = [forgetBefore(root, kind, name), { do: "remove", path: folder }];
  if (before === undefined) return forget;
  // What is left of it would be that of the next account of this name.
  const rest = before.wasThere ? [] : [run(scripts.removeAccount, name)];
  if (account === undefined) return [command("rm", "-f", "--", sudo), ...rest, ...forget];
  const isNone = whole(have ?? { name }).account === undefined;
  const isHomeless = account.isHomeless === true && !before.wasThere;
  const keys =
    before.given.keys === undefined || isNone || isHomeless
      ? []
      : [run(scripts.giveKeys, name, `${folder}/keys`)];
  const noSudo = account.sudo === undefined ? [] : [command("rm", "-f", "--", sudo)];
  if (!before.wasThere) return [...noSudo, ...keys, ...rest, ...forget];
  const back: readonly Step[] = [
    ...noSudo,
    ...keys,
    ...(account.shell === before.shell ? [] : [command("usermod", "-s", before.shell, name)]),
    ...before.given.groups
      .filter((group) => account.groups.includes(group))
      .map((group) => command("gpasswd", "-d", name, group)),
  ];
  return [...asTrial(places, account.isLogin, back), ...forget];
}

/** Changes of the login in use are called off unless a new one comes through. */
function asTrial(
  { root, name, folder, sudo }: Places,
  isLogin: boolean,
  steps: readonly Step[],
): readonly Step[] {
  if (!isLogin || steps.length === 0) return steps;
  const values = [folder, name, sudo];
  return [
    run(scripts.keep, ...values),
    trialOf({
      of: `user ${name}`,
      folder: root,
      steps,
      restore: scriptArgv(scripts.restore, ...values),
    }),
  ];
}
