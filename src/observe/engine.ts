import { isObject, type Json } from "../lib/json.ts";
import { mapLimit } from "../lib/parallel.ts";
import type { Answer, EngineQuery } from "../model/query.ts";
import { RemoteError, type Session } from "../remote/session.ts";

const elementsAtOnce = 16;
const elementLimit = 10_000;

/** Asks the engine one question. Never rejects for trouble: that is told to `onTrouble`, and the answer is unknown. */
export async function askEngine(
  session: Session,
  query: EngineQuery,
  timeoutMs: number,
  onTrouble: (trouble: RemoteError) => void,
): Promise<Answer> {
  try {
    const json = await get(session, query.path, timeoutMs);
    if (json === undefined) return { state: "absent" };
    if (query.each === undefined) return { state: "answered", value: { form: "json", json } };
    const paths = pathsOf(query, query.each, json);
    if (typeof paths === "string") return { state: "unknown", why: paths };
    const elements = await mapLimit(paths, elementsAtOnce, (path) => get(session, path, timeoutMs));
    const each = elements.filter((element) => element !== undefined);
    return { state: "answered", value: { form: "json", json, each } };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    onTrouble(error);
    return { state: "unknown", why: error.message };
  }
}

/** One for each element of the list; or why there are none. */
function pathsOf({ path }: EngineQuery, template: string, list: Json): readonly string[] | string {
  if (!Array.isArray(list)) return `GET ${path}: no list to follow`;
  if (list.length > elementLimit) return `GET ${path}: more than ${elementLimit} elements`;
  let lacking: string | undefined;
  const paths = (list as readonly Json[]).map((element) =>
    template.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
      const value = isObject(element) ? element[field] : undefined;
      if (typeof value === "string" && value !== "") return encodeURIComponent(value);
      lacking = field;
      return "";
    }),
  );
  return lacking === undefined ? paths : `GET ${path}: an element without ${lacking}`;
}

/** Undefined for 404: gone between the list and the look. */
async function get(session: Session, path: string, timeoutMs: number): Promise<Json | undefined> {
  const { status, body } = await session.engine({ method: "GET", path, timeoutMs });
  if (status === 404) return undefined;
  if (status === 200) return body as Json;
  const said = isObject(body) && typeof body["message"] === "string" ? `: ${body["message"]}` : "";
  throw new RemoteError(session.machine, "engine", `GET ${path} answered ${status}${said}`);
}
