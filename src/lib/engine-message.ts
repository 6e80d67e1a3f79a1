import { isObject } from "./json.ts";
import { printableLine } from "./text.ts";

/** Of an answer that is not the engine's own, a proxy's page say. */
const textLimit = 500;

/** The engine's own words in an answer of failure. */
export function engineMessage(body: unknown): string | undefined {
  if (isObject(body) && typeof body["message"] === "string") return printableLine(body["message"]);
  return typeof body === "string" && body !== ""
    ? printableLine(body.slice(0, textLimit))
    : undefined;
}
