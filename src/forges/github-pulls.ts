import { isObject } from "../lib/json.ts";
import { type Comment, type Forge, ForgeError, type PullRequest } from "./forge.ts";
import { type ApiReply, type ApiRequest, hasNextPage } from "./http.ts";

/** Resolves with an answer of one of the wanted statuses. Rejects with ForgeError. */
type Ask = (
  request: ApiRequest,
  wanted: readonly number[],
  signal?: AbortSignal,
) => Promise<ApiReply>;

const perPage = "100";
/** What was said before the thousandth comment is found again. */
const maxPages = 10;

/** Pull requests of one repository (`repos/owner/name`), and comments on them. */
export function githubPulls(
  repository: readonly string[],
  ask: Ask,
): Pick<Forge, "pulls" | "comments" | "comment"> {
  let last:
    | { readonly of: string; readonly tag: string; readonly pulls: readonly PullRequest[] }
    | undefined;
  let account: Promise<Account> | undefined;
  return {
    pulls: async (branch, signal) => {
      const query = {
        state: "open",
        base: branch,
        sort: "updated",
        direction: "desc",
        per_page: perPage,
      };
      const path = [...repository, "pulls"];
      const known = last?.of === branch ? last : undefined;
      // An answer that nothing has changed counts against no limit.
      const headers = known === undefined ? {} : { "if-none-match": known.tag };
      const reply = await ask({ method: "GET", path, query, headers }, [200, 304], signal);
      if (reply.status === 304 && known !== undefined) return known.pulls;
      const pulls = listOf(reply.json, "pull requests").map(pullOf);
      const tag = reply.headers.get("etag");
      last = tag === null ? undefined : { of: branch, tag, pulls };
      return pulls;
    },
    comments: async (pull, signal) => {
      const path = [...repository, "issues", String(pull), "comments"];
      const asked = (account ??= accountOf(ask, signal));
      const own = await asked.catch((error: unknown) => {
        account = undefined;
        throw error;
      });
      const found: Comment[] = [];
      for (let page = 1; page <= maxPages; page++) {
        const query = { per_page: perPage, page: String(page) };
        const reply = await ask({ method: "GET", path, query }, [200], signal);
        found.push(...listOf(reply.json, "comments").map((json) => commentOf(json, own)));
        if (!hasNextPage(reply)) return found;
      }
      throw new ForgeError("refused", `#${pull} has more than ${found.length} comments`);
    },
    comment: async (pull, body, id, signal) => {
      if (id === undefined) {
        const path = [...repository, "issues", String(pull), "comments"];
        await ask({ method: "POST", path, body: { body } }, [201], signal);
      } else {
        const path = [...repository, "issues", "comments", id];
        await ask({ method: "PATCH", path, body: { body } }, [200], signal);
      }
    },
  };
}

/** Whose the token is. An app's may not ask, and writes as a bot; where nobody may ask, the words alone have to do. */
type Account = { readonly id: unknown; readonly login: unknown } | "a bot" | "not known";

async function accountOf(ask: Ask, signal?: AbortSignal): Promise<Account> {
  try {
    const { json } = await ask({ method: "GET", path: ["user"] }, [200], signal);
    if (!isObject(json)) throw unreadable("an account");
    return { id: json["id"], login: json["login"] };
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    if (error.trouble === "denied") return "a bot";
    if (error.trouble === "missing") return "not known";
    throw error;
  }
}

function isOwn(author: unknown, own: Account): boolean {
  if (own === "not known") return true;
  if (!isObject(author)) return false;
  return own === "a bot" ? author["type"] === "Bot" : isSame(author, own, "login");
}

function pullOf(json: unknown): PullRequest {
  const { number, head, base } = isObject(json) ? json : {};
  const sha = isObject(head) ? head["sha"] : undefined;
  if (typeof number !== "number" || typeof sha !== "string" || !/^[0-9a-f]{40,64}$/.test(sha))
    throw unreadable("a pull request");
  const [from, to] = [head, base].map((side) => (isObject(side) ? side["repo"] : undefined));
  // A fork that was deleted is null.
  const isFork = !(isObject(from) && isObject(to) && isSame(from, to, "full_name"));
  return { number, head: sha, isFork, mergeRef: `refs/pull/${number}/merge` };
}

/** By number, since names change; by name where one has no number. */
function isSame(one: Ids, other: Ids, name: "login" | "full_name"): boolean {
  const key = typeof one["id"] === "number" && typeof other["id"] === "number" ? "id" : name;
  return one[key] !== undefined && one[key] === other[key];
}

type Ids = { readonly [key: string]: unknown };

function commentOf(json: unknown, own: Account): Comment {
  const { id, body, user } = isObject(json) ? json : {};
  if (typeof id !== "number") throw unreadable("a comment");
  return {
    id: String(id),
    body: typeof body === "string" ? body : "",
    isOurs: isOwn(user, own),
  };
}

function listOf(json: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(json)) throw unreadable(what);
  return json;
}

const unreadable = (what: string): ForgeError =>
  new ForgeError("unavailable", `GitHub answered with something else than ${what}`);
