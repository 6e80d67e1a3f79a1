import { isObject, type Json } from "../lib/json.ts";
import { cutAtWord, printableLine } from "../lib/text.ts";
import { AcmeError, type AcmeTrouble } from "./error.ts";

/** What an authority says went wrong (RFC 7807), as far as we read it. */
export interface Problem {
  /** Without its `urn:ietf:params:acme:error:`. */
  readonly type: string;
  readonly detail: string;
}

/** Undefined for what is no such document. */
export function problemOf(json: Json | undefined): Problem | undefined {
  if (!isObject(json) || typeof json["type"] !== "string") return undefined;
  // What stands in `subproblems` is about one host each, and says more than the whole.
  const subproblems = Array.isArray(json["subproblems"]) ? (json["subproblems"] as Json[]) : [];
  const parts = [json, ...subproblems.slice(0, 5)].flatMap((one) =>
    isObject(one) && typeof one["detail"] === "string" ? [one["detail"]] : [],
  );
  return {
    type: json["type"].replace("urn:ietf:params:acme:error:", ""),
    detail: cutAtWord(printableLine(parts.join("; ").slice(0, 4000)), 400),
  };
}

export interface Asked {
  /** Who says it: `acme-v02.api.letsencrypt.org`. */
  readonly authority: string;
  readonly status?: number;
  /** Whose challenge it was. */
  readonly host?: string;
  readonly retryAfterMs?: number | undefined;
}

export function errorOf(problem: Problem | undefined, asked: Asked): AcmeError {
  const { authority, status = 0, host, retryAfterMs } = asked;
  const known = problem === undefined ? undefined : meanings[problem.type];
  const trouble = known?.trouble ?? (status === 429 ? "limited" : byStatus(status));
  const words = known?.words({ authority, host: host ?? "a host", detail: problem?.detail ?? "" });
  const answer = problem === undefined ? `answered ${status}` : `says ${problem.type}`;
  const said = problem?.detail === "" || problem === undefined ? "" : `: ${problem.detail}`;
  return new AcmeError(trouble, `${words ?? `${authority} ${answer}`}${said}`, {
    host,
    retryAfterMs: trouble === "limited" ? (retryAfterMs ?? defaultPauseMs) : retryAfterMs,
  });
}

/** Where an authority limits and does not say until when: most of Let's Encrypt's limits move on by the hour. */
const defaultPauseMs = 60 * 60 * 1000;

const byStatus = (status: number): AcmeTrouble => {
  if (status >= 500) return "unreachable";
  return status >= 400 ? "refused" : "odd";
};

interface Meaning {
  readonly trouble: AcmeTrouble;
  readonly words: (said: {
    readonly authority: string;
    readonly host: string;
    readonly detail: string;
  }) => string;
}

const meanings: Readonly<Record<string, Meaning | undefined>> = {
  rateLimited: {
    trouble: "limited",
    words: ({ authority }) => `${authority} gives no more certificates for now`,
  },
  dns: {
    trouble: "unproven",
    words: ({ host, authority }) => `${authority} finds no usable DNS record for ${host}`,
  },
  connection: {
    trouble: "unproven",
    words: ({ host, authority }) =>
      `${authority} cannot connect to ${host} (its DNS must lead to the machines of its route, and port 80 be open to all)`,
  },
  tls: {
    trouble: "unproven",
    words: ({ host, authority }) => `${authority} cannot speak TLS with ${host}`,
  },
  unauthorized: {
    trouble: "unproven",
    words: ({ host, authority }) =>
      `${authority} finds something else than our answer under ${host}; does its DNS lead to the machines of its route?`,
  },
  incorrectResponse: {
    trouble: "unproven",
    words: ({ host, authority }) =>
      `${authority} finds something else than our answer under ${host}`,
  },
  caa: {
    trouble: "refused",
    words: ({ host, authority }) => `the CAA records of ${host} do not let ${authority} certify it`,
  },
  rejectedIdentifier: {
    trouble: "refused",
    words: ({ authority }) => `${authority} does not certify such a name`,
  },
  unsupportedIdentifier: {
    trouble: "refused",
    words: ({ authority }) => `${authority} does not certify such a name`,
  },
  invalidContact: {
    trouble: "refused",
    words: ({ authority }) => `${authority} does not take this email address`,
  },
  unsupportedContact: {
    trouble: "refused",
    words: ({ authority }) => `${authority} does not take this email address`,
  },
  externalAccountRequired: {
    trouble: "refused",
    words: ({ authority }) =>
      `${authority} takes only accounts that were opened elsewhere, which is not supported`,
  },
  accountDoesNotExist: {
    trouble: "refused",
    words: ({ authority }) => `${authority} does not know the account`,
  },
  userActionRequired: {
    trouble: "refused",
    words: ({ authority }) => `${authority} wants its terms to be agreed to by hand`,
  },
  serverInternal: {
    trouble: "unreachable",
    words: ({ authority }) => `${authority} has trouble of its own`,
  },
};
