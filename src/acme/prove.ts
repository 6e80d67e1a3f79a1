import type { JsonObject } from "../lib/json.ts";
import { isObject } from "../lib/json.ts";
import { startDeadline, orAbort } from "../lib/deadline.ts";
import { textIn, type Account } from "./account.ts";
import { AcmeError } from "./error.ts";
import { sha256 } from "./jws.ts";
import type { Poll } from "./poll.ts";
import { errorOf, problemOf } from "./problem.ts";

/**
 * How a host is shown to be ours. `put` resolves once everybody who asks sees the answer. `http`: `keyAuthorization` under
 * `http://HOST/.well-known/acme-challenge/TOKEN`. `dns`: a TXT record, of which one name may have several.
 */
export type Challenge =
  | {
      readonly kind: "http";
      put(token: string, keyAuthorization: string): Promise<void>;
      remove(token: string): Promise<void>;
    }
  | {
      readonly kind: "dns";
      put(name: string, value: string): Promise<void>;
      remove(name: string, value: string): Promise<void>;
    };

export interface Proving {
  readonly account: Account;
  readonly thumbprint: string;
  readonly challenge: Challenge;
  readonly poll: Poll;
  readonly signal: AbortSignal;
}

/** One host that the authority wants to be shown. */
interface Task {
  readonly host: string;
  readonly authorization: string;
  /** Where to say that the answer is there. */
  readonly url: string;
  readonly put: () => Promise<void>;
  readonly remove: () => Promise<void>;
}

const removeMs = 15_000;

/** Shows all of them, by all answers at once; takes the answers away again however it ends. */
export async function prove(proving: Proving, authorizations: readonly string[]): Promise<void> {
  const { account, signal } = proving;
  const tasks: Task[] = [];
  for (const url of authorizations) {
    const task = taskOf(proving, url, (await account.post(url)).json);
    if (task !== undefined) tasks.push(task);
  }
  const begun: Task[] = [];
  try {
    for (const task of tasks) {
      begun.push(task);
      await orAbort(task.put(), signal);
    }
    for (const { url } of tasks) await account.post(url, {});
    for (const task of tasks) await proven(proving, task);
  } finally {
    await removeAll(begun);
  }
}

/** An answer that is left behind harms nobody: it is worth nothing without the account's key. */
async function removeAll(tasks: readonly Task[]): Promise<void> {
  const limit = startDeadline(removeMs);
  await Promise.allSettled(tasks.map((task) => orAbort(task.remove(), limit.signal)));
  limit.end();
}

/** Undefined for what was shown before, and still counts. */
function taskOf(proving: Proving, authorization: string, json: JsonObject): Task | undefined {
  const { account, challenge, thumbprint } = proving;
  const host = hostOf(json);
  if (json["status"] === "valid") return undefined;
  if (json["status"] !== "pending") throw refusal(account.authority, host, json);
  const offer = challengesOf(json).find(({ type }) => type === `${challenge.kind}-01`);
  const [url, token] = [textIn(offer ?? {}, "url"), textIn(offer ?? {}, "token")];
  if (url === undefined || token === undefined || !/^[\w-]{1,200}$/.test(token))
    throw new AcmeError(
      "refused",
      `${account.authority} offers no ${challenge.kind}-01 for ${host}`,
      {
        host,
      },
    );
  const keyAuthorization = `${token}.${thumbprint}`;
  if (challenge.kind === "http") {
    const put = () => challenge.put(token, keyAuthorization);
    return { host, authorization, url, put, remove: () => challenge.remove(token) };
  }
  const name = `_acme-challenge.${host.replace(/^\*\./, "")}`;
  const value = sha256(keyAuthorization);
  const put = () => challenge.put(name, value);
  return { host, authorization, url, put, remove: () => challenge.remove(name, value) };
}

async function proven({ account, poll }: Proving, task: Task): Promise<void> {
  const json = await poll(task.authorization, ({ status }) => status !== "pending");
  if (json["status"] !== "valid") throw refusal(account.authority, task.host, json);
}

/** What the authority found stands with the challenge that it tried. */
function refusal(authority: string, host: string, json: JsonObject): AcmeError {
  const problems = challengesOf(json).flatMap(({ error }) => problemOf(error) ?? []);
  if (problems[0] !== undefined) return errorOf(problems[0], { authority, host });
  const status = textIn(json, "status") ?? "unknown";
  return new AcmeError("refused", `${authority} says that ${host} is ${status}`, { host });
}

const challengesOf = ({ challenges }: JsonObject): readonly JsonObject[] =>
  Array.isArray(challenges) ? challenges.filter(isObject) : [];

function hostOf({ identifier, wildcard }: JsonObject): string {
  const name = isObject(identifier) ? (textIn(identifier, "value") ?? "?") : "?";
  return wildcard === true ? `*.${name}` : name;
}
