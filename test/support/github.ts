import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOf } from "../../src/lib/hash.ts";
import { isObject, type Json, type JsonObject } from "../../src/lib/json.ts";
import { Description, type Operation } from "./github-description.ts";

export interface StoredStatus {
  readonly id: number;
  readonly state: string;
  readonly context: string;
  readonly description: string | null;
  readonly target_url: string | null;
  readonly created_at: string;
}

export interface StoredComment {
  readonly id: number;
  readonly body: string;
  /** Login and id of its author. */
  readonly user: { readonly login: string; readonly id: number; readonly type: "User" | "Bot" };
}

interface StoredPull {
  readonly number: number;
  readonly sha: string;
  readonly base: string;
  /** The full name of the repository of its head; null where that was deleted. */
  readonly from: string | null;
  readonly touched: number;
}

/** How the next requests go wrong. `dropped-after`: the write is taken, the connection ends without an answer. */
export type Fault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: Json;
    }
  | { readonly kind: "hang" }
  | { readonly kind: "dropped-before" }
  | { readonly kind: "dropped-after" }
  | { readonly kind: "garbage" };

export interface GithubDouble {
  readonly api: string;
  /** Of the one repository there is. */
  readonly repository: string;
  readonly token: string;
  /** All that was posted for a commit, oldest first. */
  statuses(sha: string): readonly StoredStatus[];
  /** Makes a commit known. */
  addCommit(sha: string): void;
  /** Opens a pull request, or moves its head. */
  addPull(number: number, headSha: string, more?: { base?: string; fork?: string | null }): void;
  closePull(number: number): void;
  comments(issue: number): readonly StoredComment[];
  /** Somebody else writes one. */
  addComment(issue: number, body: string): void;
  deleteComment(id: number): void;
  /** The next request (of that method) meets this fault; several queue up. */
  fail(fault: Fault, method?: string): void;
  /** Requests seen so far: `POST /repos/…`. */
  readonly requests: readonly string[];
  /** The same in full, but for what they log in with. */
  readonly received: readonly string[];
  /** What the double itself answered against the description; must stay empty. */
  readonly violations: readonly string[];
  close(): Promise<void>;
}

interface State {
  readonly owner: string;
  readonly name: string;
  readonly token: string;
  readonly commits: Map<string, StoredStatus[]>;
  readonly comments: Map<number, StoredComment[]>;
  readonly pulls: Map<number, StoredPull>;
  readonly isApp: boolean;
  ids: number;
}

interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers?: Record<string, string>;
}

const refusal = (status: number, message: string, errors?: Json): Answer => ({
  status,
  body: {
    message,
    documentation_url: "https://docs.github.com/rest",
    status: String(status),
    ...(errors ? { errors } : {}),
  },
});

const invalid = (resource: string, field: string, message: string): Answer =>
  refusal(422, "Validation Failed", [{ resource, code: "custom", field, message }]);

/** A GitHub that keeps what it is told, held to GitHub's own description on the way in and on the way out. */
export async function startGithub(
  options: {
    repository?: string;
    token?: string;
    commits?: readonly string[];
    /** The token is an app's. */
    isApp?: boolean;
  } = {},
): Promise<GithubDouble> {
  const { repository = "acme/infra", token = "ghp_testtoken" } = options;
  const [owner = "", name = ""] = repository.split("/");
  const description = await Description.load();
  const state: State = {
    owner,
    name,
    token,
    commits: new Map((options.commits ?? []).map((sha) => [sha, []])),
    comments: new Map(),
    pulls: new Map(),
    isApp: options.isApp ?? false,
    ids: 1,
  };
  const requests: string[] = [];
  const received: string[] = [];
  const violations: string[] = [];
  const faults: { fault: Fault; method: string | undefined }[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://double");
    const method = request.method ?? "GET";
    requests.push(`${method} ${url.pathname}`);
    const text = await bodyOf(request);
    const { authorization: _, ...headers } = request.headers;
    received.push(`${method} ${request.url}\n${JSON.stringify(headers)}\n${text}`);
    const at = faults.findIndex((f) => f.method === undefined || f.method === method);
    const fault = at === -1 ? undefined : faults.splice(at, 1)[0]?.fault;
    if (fault?.kind === "hang") return;
    if (fault?.kind === "dropped-before") return void request.socket.destroy();
    if (fault?.kind === "garbage")
      return void response.writeHead(200, { "content-type": "text/html" }).end("<html>unicorn");
    if (fault?.kind === "status") {
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      return void response.end(JSON.stringify(fault.body ?? { message: `status ${fault.status}` }));
    }
    const found = description.find(method, url.pathname);
    const answer =
      found === undefined
        ? refusal(404, "Not Found")
        : answerTo(state, found, request, url, text, description);
    if (found !== undefined)
      violations.push(...description.violations(found.operation, answer.status, answer.body));
    if (fault?.kind === "dropped-after") return void request.socket.destroy();
    response.writeHead(answer.status, {
      "content-type": "application/json; charset=utf-8",
      ...answer.headers,
    });
    response.end(answer.status === 304 ? undefined : JSON.stringify(answer.body));
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      violations.push(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    api: `http://127.0.0.1:${port}`,
    repository,
    token,
    statuses: (sha) => state.commits.get(sha) ?? [],
    addCommit: (sha) => void state.commits.set(sha, state.commits.get(sha) ?? []),
    addPull: (number, sha, { base = "main", fork = repository } = {}) =>
      void state.pulls.set(number, { number, sha, base, from: fork, touched: state.ids++ }),
    closePull: (number) => void state.pulls.delete(number),
    comments: (issue) => state.comments.get(issue) ?? [],
    addComment: (issue, body) => void write(state, issue, body, someoneElse),
    deleteComment: (id) => {
      for (const [issue, all] of state.comments)
        state.comments.set(
          issue,
          all.filter((c) => c.id !== id),
        );
    },
    fail: (fault, method) => void faults.push({ fault, method }),
    requests,
    received,
    violations,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

interface Found {
  readonly operation: Operation;
  readonly path: Readonly<Record<string, string>>;
}

function answerTo(
  state: State,
  { operation, path }: Found,
  request: IncomingMessage,
  url: URL,
  text: string,
  description: Description,
): Answer {
  if (request.headers["user-agent"] === undefined)
    return refusal(403, "Request forbidden by administrative rules");
  if (
    !new RegExp(`^(?:Bearer|token) ${state.token}$`, "i").test(request.headers.authorization ?? "")
  ) {
    return refusal(
      401,
      request.headers.authorization === undefined ? "Requires authentication" : "Bad credentials",
    );
  }
  if (operation.id === "users/get-authenticated") {
    if (state.isApp) return refusal(403, "Resource not accessible by integration");
    const shape = description.example(operation.id, 200) as JsonObject;
    return { status: 200, body: { ...shape, ...accountOf(state) } };
  }
  const isHere =
    path["owner"]?.toLowerCase() === state.owner && path["repo"]?.toLowerCase() === state.name;
  if (!isHere) return refusal(404, "Not Found");
  const query = Object.fromEntries(url.searchParams);
  const wrongQuery = description.wrongParameters(operation, path, query);
  if (wrongQuery !== undefined)
    return refusal(422, "Validation Failed", [
      { resource: "Request", code: "invalid", message: wrongQuery },
    ]);
  let body: Json = null;
  if (operation.request !== undefined) {
    try {
      body = JSON.parse(text) as Json;
    } catch {
      return refusal(400, "Problems parsing JSON");
    }
    const wrong = description.wrongBody(operation, body);
    if (wrong !== undefined)
      return refusal(422, "Validation Failed", [
        { resource: "Request", code: "invalid", message: wrong },
      ]);
  }
  const handler = handlers[operation.id];
  if (handler === undefined) return refusal(404, "Not Found");
  const tag = request.headers["if-none-match"];
  return handler({
    state,
    operation,
    path,
    url,
    body: isObject(body) ? body : {},
    description,
    ...(tag === undefined ? {} : { tag }),
  });
}

interface Call {
  readonly state: State;
  readonly operation: Operation;
  readonly path: Readonly<Record<string, string>>;
  readonly url: URL;
  readonly body: JsonObject;
  readonly description: Description;
  /** What the client has already. */
  readonly tag?: string;
}

const handlers: Readonly<Record<string, (call: Call) => Answer>> = {
  "repos/create-commit-status": createStatus,
  "repos/list-commit-statuses-for-ref": (call) => {
    const known = call.state.commits.get(call.path["ref"] ?? "");
    if (known === undefined) return refusal(404, "Not Found");
    return page(
      call,
      known.toReversed().map((s) => statusJson(call, s)),
    );
  },
  "repos/get-combined-status-for-ref": combined,
  "issues/create-comment": (call) => {
    const issue = Number(call.path["issue_number"]);
    if (!call.state.pulls.has(issue)) return refusal(404, "Not Found");
    const body = String(call.body["body"]);
    if (body.length > 65_536)
      return invalid("IssueComment", "body", "body is too long (maximum is 65536 characters)");
    const comment = write(call.state, issue, body, accountOf(call.state));
    return { status: 201, body: commentJson(call, comment) };
  },
  "issues/list-comments": (call) => {
    const issue = Number(call.path["issue_number"]);
    if (!call.state.pulls.has(issue)) return refusal(404, "Not Found");
    return page(
      call,
      (call.state.comments.get(issue) ?? []).map((c) => commentJson(call, c)),
    );
  },
  "issues/update-comment": (call) => {
    const id = Number(call.path["comment_id"]);
    const comment = [...call.state.comments.values()].flat().find((c) => c.id === id);
    if (comment === undefined) return refusal(404, "Not Found");
    const body = String(call.body["body"]);
    if (body.length > 65_536)
      return invalid("IssueComment", "body", "body is too long (maximum is 65536 characters)");
    const edited = { ...comment, body };
    for (const all of call.state.comments.values())
      if (all.includes(comment)) all[all.indexOf(comment)] = edited;
    return { status: 200, body: commentJson(call, edited) };
  },
  "pulls/list": listPulls,
};

const someoneElse = { login: "mallory", id: 2, type: "User" } as const;

const accountOf = ({ isApp }: State): StoredComment["user"] =>
  isApp
    ? { login: "slipway[bot]", id: 3, type: "Bot" }
    : { login: "deployer", id: 4, type: "User" };

function write(
  state: State,
  issue: number,
  body: string,
  user: StoredComment["user"],
): StoredComment {
  const comment = { id: state.ids++, body, user };
  state.comments.set(issue, [...(state.comments.get(issue) ?? []), comment]);
  return comment;
}

/** Only open ones are kept here. The tag tells one answer from another, as GitHub's do. */
function listPulls(call: Call): Answer {
  const { searchParams: query } = call.url;
  const base = query.get("base");
  const pulls = [...call.state.pulls.values()].filter((p) => base === null || p.base === base);
  const isByUpdate = query.get("sort") === "updated";
  const ordered = pulls.toSorted((a, b) =>
    isByUpdate ? a.touched - b.touched : a.number - b.number,
  );
  if (query.get("direction") === "desc") ordered.reverse();
  const tag = `W/"${digestOf(ordered)}"`;
  if (call.tag === tag) return { status: 304, body: null, headers: { etag: tag } };
  const answer = page(
    call,
    ordered.map((pull) => pullJson(call, pull)),
  );
  return { ...answer, headers: { ...answer.headers, etag: tag } };
}

function createStatus(call: Call): Answer {
  const { state, body } = call;
  const known = state.commits.get(call.path["sha"] ?? "");
  if (known === undefined)
    return refusal(422, `No commit found for SHA: ${call.path["sha"] ?? ""}`);
  const context = String(body["context"] ?? "default");
  const description = typeof body["description"] === "string" ? body["description"] : null;
  const target = typeof body["target_url"] === "string" ? body["target_url"] : null;
  if ([...(description ?? "")].length > 140) {
    return invalid("Status", "description", "description is too long (maximum is 140 characters)");
  }
  if (context.length > 255)
    return invalid("Status", "context", "context is too long (maximum is 255 characters)");
  if (target !== null && !/^https?:\/\//.test(target)) {
    return invalid("Status", "target_url", "target_url must use http(s) scheme");
  }
  if (known.filter((s) => s.context.toLowerCase() === context.toLowerCase()).length >= 1000) {
    return refusal(422, "Validation Failed", [
      {
        resource: "Status",
        code: "custom",
        message: "This SHA and context has reached the maximum number of statuses.",
      },
    ]);
  }
  const status = {
    id: state.ids++,
    state: String(body["state"]),
    context,
    description,
    target_url: target,
    created_at: new Date().toISOString(),
  };
  known.push(status);
  const location = `${call.url.origin}/repos/${state.owner}/${state.name}/statuses/${call.path["sha"] ?? ""}`;
  return { status: 201, body: statusJson(call, status), headers: { location } };
}

/** The newest status of each context, and what they come to together. */
function combined(call: Call): Answer {
  const sha = call.path["ref"] ?? "";
  const known = call.state.commits.get(sha);
  if (known === undefined) return refusal(404, "Not Found");
  const newest = [...new Map(known.map((s) => [s.context.toLowerCase(), s])).values()];
  const states = newest.map((s) => s.state);
  const worst = states.some((s) => s === "failure" || s === "error") ? "failure" : "pending";
  const example = call.description.example("repos/get-combined-status-for-ref", 200) as JsonObject;
  const [shape] = example["statuses"] as readonly JsonObject[];
  const paged = page(
    call,
    newest.map((s) => ({ ...shape, ...fieldsOf(s) })),
  );
  return {
    ...paged,
    body: {
      ...example,
      sha,
      state: states.length > 0 && states.every((s) => s === "success") ? "success" : worst,
      statuses: paged.body,
      total_count: newest.length,
    },
  };
}

const fieldsOf = (status: StoredStatus): JsonObject => ({
  ...status,
  updated_at: status.created_at,
});

const statusJson = (call: Call, status: StoredStatus): JsonObject => ({
  ...(call.description.example("repos/create-commit-status", 201) as JsonObject),
  ...fieldsOf(status),
});

function commentJson(call: Call, { id, body, user }: StoredComment): JsonObject {
  const shape = call.description.example("issues/create-comment", 201) as JsonObject;
  return { ...shape, id, body, user: { ...(shape["user"] as JsonObject), ...user } };
}

function pullJson(call: Call, { number, sha, base: ref, from }: StoredPull): JsonObject {
  const [shape] = call.description.example("pulls/list", 200) as readonly JsonObject[];
  const side = (name: "head" | "base"): JsonObject => shape?.[name] as JsonObject;
  const repo = (full: string): JsonObject => ({
    ...(side("base")["repo"] as JsonObject),
    id: full === `${call.state.owner}/${call.state.name}` ? 1 : 1000 + full.length,
    full_name: full,
  });
  return {
    ...shape,
    // The published example of a team lacks what its schema requires.
    requested_teams: [],
    number,
    head: { ...side("head"), sha, repo: from === null ? null : repo(from) },
    base: { ...side("base"), ref, repo: repo(`${call.state.owner}/${call.state.name}`) },
  };
}

function page(call: Call, all: readonly Json[]): Answer {
  const size = Math.min(100, Number(call.url.searchParams.get("per_page") ?? 30));
  const number = Number(call.url.searchParams.get("page") ?? 1);
  const body = all.slice((number - 1) * size, number * size);
  if (number * size >= all.length) return { status: 200, body };
  const next = new URL(call.url);
  next.searchParams.set("page", String(number + 1));
  return { status: 200, body, headers: { link: `<${next.href}>; rel="next"` } };
}
