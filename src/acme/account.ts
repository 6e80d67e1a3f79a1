import type { KeyObject } from "node:crypto";
import { isObject, type Json, type JsonObject } from "../lib/json.ts";
import { AcmeError } from "./error.ts";
import type { Exchange, HttpReply } from "./exchange.ts";
import { signed } from "./jws.ts";
import { errorOf, problemOf } from "./problem.ts";

/** Of one authority, ready to order. */
export interface Account {
  /** Its host, as messages call it. */
  readonly authority: string;
  readonly newOrder: string;
  /** A signed request; without a payload it only reads. Rejects with AcmeError for all that is not 2xx. */
  post(url: string, payload?: Json, accept?: string): Promise<Answer>;
}

export interface Answer {
  readonly json: JsonObject;
  readonly text: string;
  readonly location: string | undefined;
  readonly retryAfterMs: number | undefined;
}

export interface AccountOptions {
  readonly directory: string;
  readonly key: KeyObject;
  readonly email: string | undefined;
  readonly exchange: Exchange;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** An authority may refuse a nonce at any time, and gives a new one along with it. */
const maxNonces = 5;

/** Makes the key's account there, or finds it: the key alone says which it is. */
export async function openAccount(options: AccountOptions): Promise<Account> {
  const { directory, key, email, exchange, now, signal } = options;
  const authority = URL.parse(directory)?.host ?? directory;
  const refuse = (reply: HttpReply): AcmeError =>
    errorOf(problemOf(parsed(reply.body)), {
      authority,
      status: reply.status,
      retryAfterMs: retryAfterMs(reply.headers["retry-after"], now()),
    });

  const listing = await exchange({ method: "GET", url: directory }, signal);
  if (listing.status !== 200) throw refuse(listing);
  const places = objectOf(parsed(listing.body));
  const [newNonce, newAccount, newOrder] = ["newNonce", "newAccount", "newOrder"].map((name) => {
    const url = textIn(places, name);
    if (url !== undefined) return url;
    throw new AcmeError("odd", `${directory} is no directory of an ACME server: it has no ${name}`);
  }) as [string, string, string];

  let spare: string | undefined;
  const nonce = async (): Promise<string> => {
    const known = spare;
    spare = undefined;
    if (known !== undefined) return known;
    const reply = await exchange({ method: "HEAD", url: newNonce }, signal);
    const fresh = reply.headers["replay-nonce"];
    if (reply.status >= 400) throw refuse(reply);
    if (typeof fresh !== "string") throw new AcmeError("odd", `${authority} gave no nonce`);
    return fresh;
  };
  const postAs =
    (kid: string | undefined): Account["post"] =>
    async (url, payload, accept) => {
      for (let attempt = 1; ; attempt++) {
        const body = signed(key, { url, nonce: await nonce(), kid }, payload);
        const accepts = accept === undefined ? {} : { accept };
        const reply = await exchange({ method: "POST", url, body, ...accepts }, signal);
        const next = reply.headers["replay-nonce"];
        spare = typeof next === "string" ? next : undefined;
        if (reply.status >= 200 && reply.status < 300) return answerOf(reply, now());
        const isStale = problemOf(parsed(reply.body))?.type === "badNonce";
        if (!isStale || attempt >= maxNonces) throw refuse(reply);
      }
    };

  const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
  const account = await postAs(undefined)(newAccount, { termsOfServiceAgreed: true, ...contact });
  if (account.location === undefined)
    throw new AcmeError("odd", `${authority} gave no address of the account`);
  return { authority, newOrder, post: postAs(account.location) };
}

const answerOf = ({ body, headers }: HttpReply, now: number): Answer => ({
  json: objectOf(parsed(body)),
  text: body,
  location: headers.location,
  retryAfterMs: retryAfterMs(headers["retry-after"], now),
});

/** In seconds, or until a date. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

const objectOf = (json: Json | undefined): JsonObject => (isObject(json) ? json : {});

export const textIn = (json: JsonObject, name: string): string | undefined => {
  const value = json[name];
  return typeof value === "string" ? value : undefined;
};
