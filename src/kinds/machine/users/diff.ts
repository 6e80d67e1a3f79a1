import type { Difference, Field } from "../../../model/change.ts";
import type { Clash } from "../../kind.ts";
import { difference } from "../../shared/difference.ts";
import type { UserSpec } from "../users.ts";
import { allKeys, type Account, type Former, type UserState } from "./state.ts";

/** Accounts of the system's own are below, and `nobody` is above; root is everybody's. */
const people = { from: 1_000, below: 65_534 };

export function clashOf({ name }: UserSpec, have: UserState | undefined): Clash | undefined {
  const uid = have?.account?.uid;
  if (uid === undefined || uid === 0 || (uid >= people.from && uid < people.below))
    return undefined;
  return {
    text: `${name} is an account of the machine's own system (uid ${uid}), and is not touched`,
    needs: "another name for the user",
  };
}

/** What is other than declared, and what is done about it. */
export interface Differing {
  readonly shell?: string;
  readonly keys?: readonly string[] | "former";
  readonly sudo?: boolean;
  readonly isLoose?: true;
  /** One that we made lacks its home. */
  readonly isHomeless?: true;
  readonly join: readonly string[];
  readonly leave: readonly string[];
}

export const sudoLine = (name: string): string => `${name} ALL=(ALL:ALL) NOPASSWD: ALL`;

/** Against an account that is not there yet: all that is declared. */
export function differingOf(want: UserSpec, { account, before }: UserState): Differing {
  const { name } = want;
  const had = account?.groups ?? [];
  const given = before?.given.groups ?? [];
  const shell = want.shell ?? (before?.wasThere === true ? before.shell : undefined);
  const sudo = want.sudo === true;
  const isSudo = account?.sudo === (sudo ? sudoLine(name) : undefined) ? {} : { sudo };
  return {
    ...(shell === undefined || shell === account?.shell ? {} : { shell }),
    ...keysOf(want, account, before),
    ...(account === undefined && !sudo ? {} : isSudo),
    ...(account?.isHomeless === true && before?.wasThere === false ? { isHomeless: true } : {}),
    join: want.groups.filter((group) => !had.includes(group)),
    leave: given.filter((group) => had.includes(group) && !want.groups.includes(group)),
  };
}

function keysOf(
  { keys }: UserSpec,
  account: Account | undefined,
  before: Former | undefined,
): Pick<Differing, "keys" | "isLoose"> {
  if (keys === undefined) return before?.given.keys === undefined ? {} : { keys: "former" };
  if (account === undefined) return keys.length === 0 ? {} : { keys };
  const isSame =
    account.refused === undefined &&
    account.second === undefined &&
    account.keys.length === keys.length &&
    keys.every((key) => account.keys.includes(key));
  if (isSame && !account.isLoose) return {};
  return { keys, ...(account.isLoose ? { isLoose: true } : {}) };
}

export function differenceOf(
  want: UserSpec | undefined,
  have: UserState | undefined,
): Difference | undefined {
  if (want === undefined) return have === undefined ? undefined : leaving(have);
  const { name } = want;
  const { account, before } = whole(have ?? { name });
  if (account === undefined)
    return have?.account === undefined
      ? difference("create", "missing", `there is no user ${name}`, newFields(want))
      : difference("update", "unfinished", `${name} was made only by half`, newFields(want));
  const differing = differingOf(want, have ?? { name });
  const fields = fieldsOf(differing, account);
  if (before !== undefined && fields.length === 0) return undefined;
  const gone = lost(want, account, before);
  const text =
    gone.length > 0
      ? `${name} could no longer log in with ${gone.map(shortKey).join(", ")}`
      : before === undefined
        ? `${name} was there before Slipway, and is taken over`
        : (account.refused ?? secondOf(name, differing, account) ?? `${name} is not as declared`);
  return {
    ...difference("update", before === undefined ? "missing" : "changed", text, fields),
    ...(gone.length > 0 ? { login: "goes" as const } : {}),
  };
}

const secondOf = (
  name: string,
  { keys }: Differing,
  { second, home }: Account,
): string | undefined =>
  keys === undefined || second === undefined
    ? undefined
    : `${name} has ${home}/.ssh/authorized_keys2, which sshd reads too`;

/** What was put there by hand since is no login that a commit takes away. */
function lost({ keys }: UserSpec, account: Account, before: Former | undefined): readonly string[] {
  const given = before?.given.keys;
  if (keys === undefined) return allKeys(account).filter((key) => given?.includes(key) === true);
  return allKeys(account).filter(
    (key) => !keys.includes(key) && (given === undefined || given.includes(key)),
  );
}

/** An account that we made only by half is none yet; one that was there before is as it is. */
export function whole(have: UserState): UserState {
  const { account, ...rest } = have;
  const isNone = account?.isHalf === true && !account.isLogin && have.before?.wasThere === false;
  return isNone ? rest : have;
}

function leaving({ name, account, before, isKept }: UserState): Difference | undefined {
  if (before === undefined)
    return isKept === true
      ? difference(
          "delete",
          "undeclared",
          `${name} is no longer declared: what was kept of it goes`,
        )
      : undefined;
  const keys = (before.given.keys ?? []).length > 0;
  const login = keys && account !== undefined ? { login: "goes" as const } : {};
  const no = `${name} is no longer declared`;
  if (before.wasThere) {
    const text =
      before.given.keys === undefined
        ? `${no}: it stays, without what Slipway gave it`
        : `${no}: its former keys come back`;
    return { ...difference("delete", "undeclared", text), ...login };
  }
  if (account === undefined)
    return difference("delete", "undeclared", `${no}, and is not there any more`);
  if (account.isLogin)
    return {
      ...difference("delete", "undeclared", `${no}, and is what we log in as: it stays`),
      login: "in-use",
    };
  const text = `${no}: the account goes, and what it runs is ended; what is in its home ${account.home} stays`;
  return { ...difference("delete", "undeclared", text), ...login };
}

const newFields = (want: UserSpec): readonly Field[] => [
  ...(want.keys ?? []).map((key) => ({
    path: "keys",
    declared: shortKey(key),
  })),
  ...(want.sudo === true ? [{ path: "sudo", declared: true }] : []),
  ...(want.groups.length === 0 ? [] : [{ path: "groups", declared: want.groups }]),
  ...(want.shell === undefined ? [] : [{ path: "shell", declared: want.shell }]),
];

function fieldsOf(differing: Differing, account: Account): readonly Field[] {
  const { keys, sudo, shell, join, leave, isLoose, isHomeless } = differing;
  const keep = keys === "former" ? [] : (keys ?? []);
  return [
    ...(isHomeless === true ? [{ path: "home", declared: account.home }] : []),
    ...keep
      .filter((key) => !account.keys.includes(key))
      .map((key) => ({ path: "keys", declared: shortKey(key) })),
    ...(keys === undefined ? [] : account.keys)
      .filter((key) => !keep.includes(key))
      .map((key) => ({ path: "keys", live: shortKey(key) })),
    ...(keys === undefined ? [] : secondFields(account)),
    ...(isLoose === true ? [{ path: "keys", declared: "private", live: "others may write" }] : []),
    ...(keys !== undefined && account.refused !== undefined
      ? [{ path: "keys", live: account.refused }]
      : []),
    ...(sudo === undefined ? [] : [{ path: "sudo", declared: sudo, live: !sudo }]),
    ...join.map((group) => ({ path: "groups", declared: group })),
    ...leave.map((group) => ({ path: "groups", live: group })),
    ...(shell === undefined ? [] : [{ path: "shell", declared: shell, live: account.shell }]),
  ];
}

const secondFields = ({ second }: Account): readonly Field[] =>
  second?.length === 0
    ? [{ path: "keys", live: "authorized_keys2, without a key" }]
    : (second ?? []).map((key) => ({
        path: "keys",
        live: `in authorized_keys2: ${shortKey(key)}`,
      }));

const keyTypes = /(?:^|\s)((?:ssh-|ecdsa-|sk-)[a-z0-9@.-]+)\s+([A-Za-z0-9+/=]+)(?:\s+(.*))?$/;

/** Its type, its end, and what it is called; of what is no key nothing is shown. */
export function shortKey(line: string): string {
  const [, type, text = "", comment] = keyTypes.exec(line) ?? [];
  if (type === undefined) return "a line that is no key";
  return `${type} …${text.slice(-8)}${comment === undefined ? "" : ` ${comment.slice(0, 60)}`}`;
}
