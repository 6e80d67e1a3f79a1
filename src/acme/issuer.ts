import { certifiedText, covers, isDue, readCertificate, directoryIn } from "../lib/certificate.ts";
import type { Clock } from "../lib/clock.ts";
import { digestOf } from "../lib/hash.ts";
import type { Accounts, CertificateWish, Issuer, NoCertificate } from "../model/issuer.ts";
import { Secret } from "../model/secret.ts";
import { dnsAnswers } from "./dns-command.ts";
import { AcmeError } from "./error.ts";
import type { Exchange } from "./exchange.ts";
import { issueCertificate } from "./issue.ts";
import { pauseMs } from "./pause.ts";
import type { Challenge } from "./prove.ts";
import { selfSigned } from "./x509.ts";

export interface IssuerTools {
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly accounts: Accounts;
  /** Sets and unsets records of the DNS; absent: nobody does. */
  readonly dnsCommand?: readonly string[];
  /** Variables that it gets. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is known of one wish: it is under way, it was fulfilled a while ago, or it failed so often in a row. */
interface Known {
  readonly running?: Promise<Secret | NoCertificate>;
  readonly text?: Secret;
  readonly failures: number;
  readonly why?: AcmeError;
  readonly againMs: number;
}

/** Wishes for more hosts than this are never at once: what was known first is forgotten. */
const maxKnown = 10_000;

export function createIssuer(tools: IssuerTools): Issuer {
  const { clock, exchange, accounts } = tools;
  const known = new Map<string, Known>();
  const remember = (key: string, now: Known): void => {
    known.delete(key);
    known.set(key, now);
    const [oldest] = known.keys();
    if (known.size > maxKnown && oldest !== undefined) known.delete(oldest);
  };

  const putOffUntil = (one: Known | undefined): NoCertificate | undefined =>
    one?.why === undefined || clock.now() >= one.againMs
      ? undefined
      : { trouble: `${one.why.message}; tried again from ${timeOf(one.againMs)}` };

  const issue = async (wish: CertificateWish): Promise<Secret> => {
    const { hosts, authority, signal, timeoutMs } = wish;
    const { directory, email } = authority;
    const account = await accounts.read(directory);
    const issued = await issueCertificate(
      {
        hosts,
        directory,
        challenge: challengeOf(wish, tools),
        signal,
        timeoutMs,
        ...(email === undefined ? {} : { email }),
        ...(account === undefined ? {} : { account }),
      },
      { clock, exchange },
    );
    if (account === undefined) await accounts.write(directory, issued.accountKeyPem);
    const { certificatePem, keyPem } = issued;
    const text = certifiedText(directory, certificatePem, keyPem.revealText() ?? "");
    return new Secret(`certificate of ${hosts[0] ?? "no host"}`, text);
  };

  const attempt = async (key: string, wish: CertificateWish): Promise<Secret | NoCertificate> => {
    const before = known.get(key);
    const candidates = [before?.text ?? [], await wish.elsewhere()].flat();
    const found = candidates.find((text) => isFit(text, wish, clock.now()));
    if (found !== undefined) return found;
    const putOff = putOffUntil(before);
    if (putOff !== undefined) return putOff;
    try {
      const text = await issue(wish);
      remember(key, { text, failures: 0, againMs: 0 });
      return text;
    } catch (error) {
      if (!(error instanceof AcmeError)) throw error;
      const failures = (before?.failures ?? 0) + 1;
      const againMs = clock.now() + pauseMs(failures, error);
      remember(key, { failures, why: error, againMs });
      return { trouble: `${error.message}; tried again from ${timeOf(againMs)}` };
    }
  };

  return {
    standIn: (hosts) => {
      const { certificatePem, keyPem } = selfSigned(hosts, clock);
      const text = `${certificatePem}${keyPem.revealText() ?? ""}`;
      return new Secret(`stand-in of ${hosts[0] ?? "no host"}`, text);
    },
    obtain: async (wish) => {
      const key = keyOf(wish);
      const before = known.get(key);
      if (before?.running !== undefined) return await before.running;
      const running = attempt(key, wish);
      remember(key, { ...(before ?? { failures: 0, againMs: 0 }), running });
      try {
        return await running;
      } finally {
        const { running: _, ...now } = known.get(key) ?? { failures: 0, againMs: 0 };
        remember(key, now);
      }
    },
    putOff: (wish) => putOffUntil(known.get(keyOf(wish))),
    againMs: () => {
      const moments = [...known.values()].flatMap((one) =>
        putOffUntil(one) === undefined ? [] : [one.againMs],
      );
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
  };
}

const keyOf = ({ authority, hosts }: Pick<CertificateWish, "hosts" | "authority">): string =>
  digestOf([authority, hosts]);

/** Another machine's, or the one that was issued a while ago. */
function isFit(text: Secret, { hosts, authority }: CertificateWish, now: number): boolean {
  const pem = text.revealText() ?? "";
  const found = readCertificate(pem);
  return (
    found !== undefined &&
    directoryIn(pem) === authority.directory &&
    hosts.every((host) => covers(found, host)) &&
    !isDue(found, now)
  );
}

function challengeOf(
  { authority, answer, unanswer, signal }: CertificateWish,
  { dnsCommand, env }: Pick<IssuerTools, "dnsCommand" | "env">,
): Challenge {
  if (authority.dns === undefined) return { kind: "http", put: answer, remove: unanswer };
  if (dnsCommand !== undefined) return dnsAnswers({ command: dnsCommand, env, signal });
  throw new AcmeError("refused", "nothing here sets records of the DNS: SLIPWAY_ACME_DNS_COMMAND");
}

/** `2026-11-26 01:30 UTC` */
const timeOf = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
