import type { Json } from "../lib/json.ts";

/**
 * The closed vocabulary of questions to a machine. Plain data: equal questions are asked once, and all that
 * a machine is asked in one observation travels together.
 */
export type Query = ReadQuery | ListQuery | RunQuery | EngineQuery | TalkQuery;

/** The content of one file; absent if there is none. */
export interface ReadQuery {
  readonly ask: "read";
  readonly path: string;
  readonly maxBytes: number;
}

/** The names in one folder, one level deep; absent if there is none. */
export interface ListQuery {
  readonly ask: "list";
  readonly path: string;
}

/** The output of a command that changes nothing. */
export interface RunQuery {
  readonly ask: "run";
  readonly argv: readonly string[];
  /** Run only where one of these is there; else it is answered `end`, without a process of its own. */
  readonly where?: readonly Sign[];
}

/** A path, of which a last `*` stands for any ending; a file in which a line begins with a text; or that a socket is not there. */
export type Sign =
  | string
  | { readonly file: string; readonly line: string }
  | { readonly noSocket: string };

/** A GET of the engine's API, without the version prefix; `each` follows every element of the list answered. */
export interface EngineQuery {
  readonly ask: "engine";
  readonly path: string;
  /** For every element: GET `path` with `{Field}` replaced by that (URL-encoded) field of the element; 404 leaves it out. */
  readonly each?: string;
}

/** What answers the text at a unix socket, which must change nothing; absent if nothing listens there. */
export interface TalkQuery {
  readonly ask: "talk";
  readonly path: string;
  readonly text: string;
  readonly maxBytes: number;
}

export type Answer =
  | { readonly state: "answered"; readonly value: AnswerValue }
  | { readonly state: "absent" }
  | { readonly state: "unknown"; readonly why: string };

export type AnswerValue =
  | { readonly form: "text"; readonly text: string; readonly code: number }
  | { readonly form: "json"; readonly json: Json; readonly each?: readonly Json[] };

/** Answers of one machine, by question. Throws `Unreadable` for what was not answered. */
export interface Answers {
  /** File content, command output or a socket's answer; undefined if the file or who listens is absent. */
  text(query: ReadQuery | RunQuery | TalkQuery): string | undefined;
  /** Names in the folder; undefined if the folder is absent. */
  names(query: ListQuery): readonly string[] | undefined;
  json(query: EngineQuery): Json;
  each(query: EngineQuery): readonly Json[];
}

/** The key under which equal questions are one. */
export function queryKey(query: Query): string {
  switch (query.ask) {
    case "engine":
      return `engine ${query.path} ${query.each ?? ""}`;
    case "run":
      return `run ${JSON.stringify([query.argv, query.where])}`;
    case "talk":
      return `talk ${JSON.stringify([query.path, query.text])}`;
    case "read":
    case "list":
      return `${query.ask} ${query.path}`;
  }
}
