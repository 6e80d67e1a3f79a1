import { isObject, type Json } from "../../../lib/json.ts";
import { Unreadable } from "../../../model/live.ts";
import type { Answers, RunQuery } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import { readBefore, takenBy, unlessNamed } from "../../shared/before.ts";
import { seen } from "./scripts.ts";
import { linesBeforeEnd } from "../../shared/lines.ts";

export const kind = "machine/users";

/** What was there before, and what we have given since: only that is taken away again. */
export interface Former {
  readonly wasThere: boolean;
  readonly shell: string;
  readonly given: {
    /** As they were declared last; undefined: its keys are not ours. */
    readonly keys?: readonly string[];
    readonly groups: readonly string[];
  };
}

export interface UserState {
  readonly name: string;
  /** Undefined: there is no such account. */
  readonly account?: Account;
  readonly before?: Former;
  /** Its former keys were kept: that is the first that is done to take it over. */
  readonly isKept?: true;
}

/** By which it may log in, whichever file they are in. */
export const allKeys = ({ keys, second = [] }: Account): readonly string[] => [
  ...new Set([...keys, ...second]),
];

export interface Account {
  readonly uid: number;
  readonly home: string;
  readonly shell: string;
  readonly groups: readonly string[];
  /** Lines of its file of keys, but for comments. */
  readonly keys: readonly string[];
  /** Lines of the second file that sshd reads, `authorized_keys2`; undefined: there is none. */
  readonly second?: readonly string[];
  /** sshd would not read them: others may write there. */
  readonly isLoose: boolean;
  /** Why its keys can be neither read nor written. */
  readonly refused?: string;
  /** What our file for sudo says. */
  readonly sudo?: string;
  /** It is what we have logged in as. */
  readonly isLogin: boolean;
  /** It has no password, not even one that nothing matches: what makes accounts was cut. */
  readonly isHalf?: true;
  /** Its home is not there. */
  readonly isHomeless?: true;
}

export const seenQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", seen, "sh", about.root, about.fleet, ...(about.named?.get(kind) ?? [])],
  ...unlessNamed(about, kind, [takenBy(kind, about.root), `${about.root}/before/users/*`]),
});

export function readUsers(answers: Answers, about: About): ReadonlyMap<string, UserState> {
  const lines = linesBeforeEnd(answers, seenQuery(about), "the users have no end");
  const taken = new Map(
    [...readBefore(answers, about.root, kind)].map(([name, former]) => [name, formerOf(former)]),
  );
  const states = new Map<string, UserState>();
  for (const [name, own] of parted(lines)) {
    const account = accountOf(own);
    const isKept = own.some(([word]) => word === "kept");
    states.set(name, {
      name,
      ...(account === undefined ? {} : { account }),
      ...(isKept ? { isKept } : {}),
    });
  }
  for (const [name, before] of taken) {
    const known = states.get(name);
    if (known === undefined) throw new Unreadable(`what ${name} is was not told`);
    states.set(name, { ...known, before });
  }
  return states;
}

type Told = readonly (readonly [word: string, text: string])[];

/** The lines of each user. */
function parted(lines: readonly string[]): ReadonlyMap<string, Told> {
  const users = new Map<string, [string, string][]>();
  let own: [string, string][] | undefined;
  for (const line of lines) {
    const space = line.indexOf(" ");
    const [word, text] = space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
    if (word === "user") users.set(text, (own = []));
    else if (own === undefined) throw new Unreadable("not a user");
    else own.push([word, text]);
  }
  return users;
}

function accountOf(told: Told): Account | undefined {
  const of = (word: string): readonly string[] =>
    told.flatMap(([known, text]) => (known === word ? text : []));
  const [entry] = of("entry");
  if (entry === undefined) return undefined;
  const [, uid = "", home = "", shell = ""] = /^([0-9]+):(.*):([^:]*)$/.exec(entry) ?? [];
  if (uid === "") throw new Unreadable("not an account");
  const [refused] = of("refused");
  const sudo = of("sudo");
  return {
    uid: Number(uid),
    home,
    shell,
    groups: (of("groups")[0] ?? "").split(" ").filter((group) => group !== ""),
    keys: of("key"),
    ...(of("second").length === 0 ? {} : { second: of("second-key") }),
    isLoose: of("loose").length > 0,
    ...(refused === undefined ? {} : { refused }),
    ...(sudo.length === 0 ? {} : { sudo: sudo.join("\n") }),
    isLogin: of("login").length > 0,
    ...(of("half").length > 0 ? { isHalf: true as const } : {}),
    ...(of("homeless").length > 0 ? { isHomeless: true as const } : {}),
  };
}

function formerOf(former: Json): Former {
  if (isObject(former)) {
    const { wasThere, shell, given } = former;
    if (typeof wasThere === "boolean" && typeof shell === "string" && isObject(given)) {
      const { keys, groups } = given;
      const isWhole = isTexts(groups) && (keys === undefined || isTexts(keys));
      if (isWhole) return former as unknown as Former;
    }
  }
  throw new Unreadable("what a user was before is damaged");
}

const isTexts = (value: Json | undefined): boolean =>
  Array.isArray(value) && value.every((text) => typeof text === "string");
