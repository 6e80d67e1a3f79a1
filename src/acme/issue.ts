import { createPrivateKey, X509Certificate } from "node:crypto";
import { covers, readCertificate, type Certificate } from "../lib/certificate.ts";
import { systemClock, type Clock } from "../lib/clock.ts";
import { DeadlinePassed, startDeadline } from "../lib/deadline.ts";
import type { JsonObject } from "../lib/json.ts";
import { counted } from "../lib/text.ts";
import { Secret } from "../model/secret.ts";
import { openAccount, textIn, type Account } from "./account.ts";
import { AcmeError } from "./error.ts";
import { httpsExchange, type Exchange } from "./exchange.ts";
import { newKey, openKey, pemOf, thumbprintOf } from "./jws.ts";
import { polling } from "./poll.ts";
import { errorOf, problemOf } from "./problem.ts";
import { prove, type Challenge } from "./prove.ts";
import { keyOf, requestFor, type KeyedCertificate } from "./x509.ts";

export interface IssueRequest {
  /** Lower case, ASCII; the first one names it. With `*.` only by DNS. */
  readonly hosts: readonly string[];
  /** `https://acme-v02.api.letsencrypt.org/directory` */
  readonly directory: string;
  /** Where the authority writes to, if it does. */
  readonly email?: string;
  /** The account's private key, PEM; a new account without one. */
  readonly account?: Secret;
  readonly challenge: Challenge;
  readonly signal: AbortSignal;
  /** For all of it. */
  readonly timeoutMs: number;
}

export interface Issued extends KeyedCertificate {
  /** Given again with the next request, it is the same account. */
  readonly accountKeyPem: Secret;
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface IssueTools {
  readonly clock: Clock;
  readonly exchange: Exchange;
}

/** As many as Let's Encrypt puts into one. */
const maxHosts = 100;

/**
 * A certificate for these hosts, by ACME (RFC 8555). Whoever asks agrees to the authority's terms. Rejects with AcmeError,
 * with what `put` rejects with, or with the signal's reason.
 */
export async function issueCertificate(
  request: IssueRequest,
  tools: IssueTools = { clock: systemClock, exchange: httpsExchange() },
): Promise<Issued> {
  const { hosts, directory, account, challenge } = request;
  const first = hosts[0];
  if (first === undefined || hosts.length > maxHosts)
    throw new AcmeError("refused", `a certificate is for 1 to ${maxHosts} hosts`);
  const wildcard = hosts.find((host) => host.startsWith("*."));
  if (wildcard !== undefined && challenge.kind === "http")
    throw new AcmeError("refused", `${wildcard} can be certified by DNS only`, { host: wildcard });
  const key = account === undefined ? newKey() : openKey(account);
  const deadline = startDeadline(request.timeoutMs, request.signal);
  const { signal } = deadline;
  try {
    const { clock, exchange } = tools;
    const opened = await openAccount({
      directory,
      key,
      email: request.email,
      exchange,
      now: () => clock.now(),
      signal,
    });
    const poll = polling(opened, clock, signal);
    const order = await opened.post(opened.newOrder, {
      identifiers: hosts.map((value) => ({ type: "dns", value })),
    });
    const url = order.location;
    if (url === undefined) throw new AcmeError("odd", `${opened.authority} gave no order`);
    const thumbprint = thumbprintOf(key);
    await prove({ account: opened, thumbprint, challenge, poll, signal }, listIn(order.json));
    const ready = await poll(url, ({ status }) => status !== "pending");
    const issued = await finish(opened, hosts, ready, (isEnough) => poll(url, isEnough));
    const accountKeyPem = account ?? new Secret(`account at ${opened.authority}`, pemOf(key));
    return { ...issued, accountKeyPem };
  } catch (error) {
    if (signal.aborted && signal.reason instanceof DeadlinePassed && !request.signal.aborted)
      throw new AcmeError(
        "late",
        `no certificate for ${first} from ${URL.parse(directory)?.host ?? directory} in ${request.timeoutMs / 1000} s`,
        { host: first },
      );
    request.signal.throwIfAborted();
    throw error;
  } finally {
    deadline.end();
  }
}

type PollOrder = (isEnough: (json: JsonObject) => boolean) => Promise<JsonObject>;

/** From an order whose hosts are all shown. */
async function finish(
  account: Account,
  hosts: readonly string[],
  ready: JsonObject,
  poll: PollOrder,
): Promise<Omit<Issued, "accountKeyPem">> {
  const key = newKey();
  if (ready["status"] === "invalid") throw orderTrouble(account, ready);
  const finalize = textIn(ready, "finalize");
  if (finalize === undefined) throw new AcmeError("odd", `${account.authority} takes no request`);
  const csr = Buffer.from(requestFor(hosts, key)).toString("base64url");
  await account.post(finalize, { csr });
  const done = await poll(({ status }) => status !== "processing" && status !== "ready");
  const place = textIn(done, "certificate");
  if (done["status"] !== "valid" || place === undefined) throw orderTrouble(account, done);
  const { text } = await account.post(place, undefined, "application/pem-certificate-chain");
  const keyPem = keyOf(hosts, key);
  const { notBefore, notAfter } = checked(account.authority, text, hosts, keyPem);
  return { certificatePem: `${text.trim()}\n`, keyPem, notBefore, notAfter };
}

function orderTrouble({ authority }: Account, { status, error }: JsonObject): AcmeError {
  const problem = problemOf(error);
  return problem === undefined
    ? new AcmeError("odd", `${authority} leaves the order ${JSON.stringify(status)}`)
    : errorOf(problem, { authority });
}

/** A proxy that is given what does not fit together would refuse to start. */
function checked(
  authority: string,
  pem: string,
  hosts: readonly string[],
  keyPem: Secret,
): Certificate {
  const found = readCertificate(pem);
  if (found === undefined)
    throw new AcmeError("odd", `${authority} gave something else than a certificate`);
  if (!new X509Certificate(pem).checkPrivateKey(createPrivateKey(keyPem.revealText() ?? "")))
    throw new AcmeError("odd", `${authority} gave a certificate for another key`);
  const missing = hosts.filter((host) => !covers(found, host));
  if (missing.length > 0)
    throw new AcmeError("odd", `the certificate lacks ${counted(missing.length, "host")}`);
  return found;
}

const listIn = ({ authorizations }: JsonObject): readonly string[] =>
  Array.isArray(authorizations) ? authorizations.filter((one) => typeof one === "string") : [];
