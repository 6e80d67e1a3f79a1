import { isObject } from "../lib/json.ts";
import { cutAtWord, printableLine } from "../lib/text.ts";
import {
  type CommitStatus,
  type Forge,
  ForgeError,
  type ForgeLimits,
  type StatusState,
} from "./forge.ts";
import { githubPulls } from "./github-pulls.ts";
import { type Api, type ApiReply, type ApiRequest, callApi, hasNextPage } from "./http.ts";

export interface GithubOptions {
  /** `owner/name`. */
  readonly repository: string;
  /** `https://api.github.com`, or `https://git.example.com/api/v3`. */
  readonly api: string;
  readonly token: string;
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
  /** Milliseconds since 1970: what a rate limit's reset is counted from. */
  readonly now?: () => number;
}

const limits: ForgeLimits = { description: 140, context: 255, comment: 65_536 };
const perPage = 100;
/** A commit with more contexts than this is read in part; what was not read is posted again. */
const maxPages = 20;
/** A secondary rate limit without a time: what GitHub's documentation asks for. */
const unsaidWaitMs = 60_000;
/** Primary limits last an hour; whoever asks for more is asked again after that. */
const longestWaitMs = 65 * 60_000;

/** GitHub, in the cloud or at home. Throws ForgeError `denied` for a token that cannot be one. */
export function createGithub(options: GithubOptions): Forge {
  const [owner = "", name = ""] = options.repository.split("/");
  const now = options.now ?? Date.now;
  const api: Api = {
    base: options.api,
    headers: headersWith(options.token),
    fetch: options.fetch ?? fetch,
    timeoutMs: options.timeoutMs ?? 20_000,
  };
  const scrub = (text: string): string => text.replaceAll(options.token, "[token]");
  const ask = async (
    request: ApiRequest,
    wanted: readonly number[],
    signal?: AbortSignal,
  ): Promise<ApiReply> => {
    const reply = await callApi(api, request, signal);
    if (!wanted.includes(reply.status)) throw troubleOf(reply, now(), scrub);
    return reply;
  };

  return {
    ...githubPulls(["repos", owner, name], ask),
    kind: "github",
    repository: options.repository,
    limits,
    fit: (status) => ({
      ...status,
      context: printableLine(status.context).slice(0, limits.context),
      description: cutAtWord(printableLine(status.description), limits.description),
    }),
    post: async (status, signal) => {
      const path = ["repos", owner, name, "statuses", commitId(status.revision)];
      const { state, context, description } = status;
      const link = status.targetUrl?.match(/^https?:/) ? { target_url: status.targetUrl } : {};
      const body = { state, context, description, ...link };
      await ask({ method: "POST", path, body }, [201], signal);
    },
    list: async (revision, signal) => {
      const path = ["repos", owner, name, "commits", commitId(revision), "status"];
      const found: CommitStatus[] = [];
      for (let page = 1; page <= maxPages; page++) {
        const query = { per_page: String(perPage), page: String(page) };
        const reply = await ask({ method: "GET", path, query }, [200], signal);
        found.push(...statusesOf(reply.json, revision));
        if (!hasNextPage(reply)) break;
      }
      return found;
    },
  };
}

function headersWith(token: string): Readonly<Record<string, string>> {
  // Such a token would end up in the text of the error that fetch throws for its header.
  if (!/^[\u0021-\u007e]+$/.test(token))
    throw new ForgeError("denied", "the token holds characters that no token has");
  return {
    authorization: `Bearer ${token}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "user-agent": "slipway",
  };
}

function commitId(revision: string): string {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(revision))
    throw new TypeError(`not a commit id: ${revision}`);
  return revision;
}

const isState = (value: unknown): value is StatusState =>
  value === "pending" || value === "success" || value === "failure" || value === "error";

/** The combined status holds the newest of each context. */
function statusesOf(json: unknown, revision: string): readonly CommitStatus[] {
  const statuses = isObject(json) ? json["statuses"] : undefined;
  if (!Array.isArray(statuses))
    throw new ForgeError("unavailable", "GitHub answered with something else than statuses");
  return statuses.map((status: unknown) => {
    const { state, context, description, target_url: url } = isObject(status) ? status : {};
    if (!isState(state) || typeof context !== "string") {
      throw new ForgeError("unavailable", "GitHub answered with a status that cannot be read");
    }
    return {
      revision,
      context,
      state,
      description: typeof description === "string" ? description : "",
      ...(typeof url === "string" ? { targetUrl: url } : {}),
    };
  });
}

function troubleOf(reply: ApiReply, nowMs: number, scrub: (text: string) => string): ForgeError {
  const { status } = reply;
  const said = messageOf(reply.json);
  const text = scrub(`GitHub answered ${status}${said === "" ? "" : `: ${said}`}`);
  const waitMs = waitOf(reply, said, nowMs);
  if (waitMs !== undefined) return new ForgeError("limited", text, { retryAfterMs: waitMs });
  if (status === 401 || status === 403) return new ForgeError("denied", text);
  if (status === 404 || status === 409 || status === 410) return new ForgeError("missing", text);
  if (status === 422 && said.includes("No commit found")) return new ForgeError("missing", text);
  if (status === 408 || status === 425 || status < 400 || status >= 500)
    return new ForgeError("unavailable", text);
  return new ForgeError("refused", text);
}

/** How long GitHub wants to be left alone; undefined if that is not what it says. */
function waitOf(reply: ApiReply, said: string, nowMs: number): number | undefined {
  const after = reply.headers.get("retry-after");
  const maySay = reply.status === 403 || reply.status === 429 || reply.status >= 500;
  if (!maySay) return undefined;
  if (after !== null && /^\d+$/.test(after)) return bounded(Number(after) * 1000);
  if (reply.status >= 500) return undefined;
  const reset = reply.headers.get("x-ratelimit-reset");
  if (reply.headers.get("x-ratelimit-remaining") === "0" && reset !== null && /^\d+$/.test(reset)) {
    return bounded(Number(reset) * 1000 - nowMs);
  }
  return reply.status === 429 || /rate limit|abuse/i.test(said) ? unsaidWaitMs : undefined;
}

const bounded = (ms: number): number => Math.min(Math.max(ms, 1000), longestWaitMs);

/** `Validation Failed: description is too long (maximum is 140 characters)` */
function messageOf(json: unknown): string {
  if (!isObject(json)) return "";
  const errors = Array.isArray(json["errors"]) ? json["errors"] : [];
  const details = errors.map((e: unknown) =>
    isObject(e) && typeof e["message"] === "string" ? e["message"] : "",
  );
  const all = [typeof json["message"] === "string" ? json["message"] : "", ...details].filter(
    (t) => t !== "",
  );
  return cutAtWord(printableLine(all.join(": ")), 300);
}
