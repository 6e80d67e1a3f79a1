import { isObject } from "./json.ts";
import { printableLine } from "./text.ts";

/** Of an answer that is not the engine's own, a proxy's page say. */
const textLimit = 500;

/** The engine's own words in an answer of failure; `redact` sees them before anything is cut off or spelled out. */
export function engineMessage(
  body: unknown,
  redact = (text: string): string => text,
): string | undefined {
  if (isObject(body) && typeof body["message"] === "string")
    return printableLine(redact(body["message"]));
  return typeof body === "string" && body !== ""
    ? printableLine(redact(body).slice(0, textLimit))
    : undefined;
}
