import { digestOf } from "../../lib/hash.ts";
import { isObject, type Json } from "../../lib/json.ts";
import { Unreadable } from "../../model/live.ts";
import type { Answers, RunQuery, Sign } from "../../model/query.ts";
import type { PutStep, RemoveStep } from "../../model/step.ts";
import type { About } from "../kind.ts";
import { linesBeforeEnd } from "./lines.ts";

/**
 * The former state of what was taken over on a machine: `<root>/before/<kind>-<digest>.json`, one file a thing, written before it
 * is changed for the first time. That there is one says that the thing is ours; when nobody declares it any more it is put
 * back, and the file goes. The form of `former` is the kind's.
 */
export interface Before {
  readonly kind: string;
  readonly key: string;
  readonly former: Json;
}

const folder = (root: string): string => `${root}/before`;

export const beforePath = (root: string, kind: string, key: string): string =>
  `${folder(root)}/${nameOf(kind)}-${digestOf([kind, key]).slice(0, 32)}.json`;

const nameOf = (kind: string): string => kind.slice(kind.indexOf("/") + 1);

/** Where a kind has taken something over. */
export const takenBy = (kind: string, root: string): Sign => `${folder(root)}/${nameOf(kind)}-*`;

/** Each is a line. */
const script = `
set -- "$1"/*.json
[ ! -f "$1" ] || cat -- "$@" || exit 1
echo end
`;

/** All of all kinds: asked once. */
export const beforeQuery = (root: string): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", folder(root)],
  where: [`${folder(root)}/*`],
});

/** What of a look costs something is left where nobody names any of a kind, and there is no sign of it. */
export const unlessNamed = (
  { named }: About,
  kind: string,
  signs: readonly Sign[],
): { readonly where?: readonly Sign[] } =>
  (named?.get(kind) ?? []).length > 0 ? {} : { where: signs };

/** For a script whose first parameter is Slipway's folder: what the kind has taken over joins the parameters behind it. */
export const withTaken = (kind: string): string => `
before=$1
shift
while IFS= read -r key; do
  [ -z "$key" ] || set -- "$@" "$key"
done <<END
$(sed -n 's/^{"kind":"${kind.replace("/", "\\/")}","key":"\\([^"]*\\)".*/\\1/p' "$before"/before/${nameOf(kind)}-*.json 2>/dev/null)
END
`;

/** What a kind has taken over, by key. Throws Unreadable. */
export function readBefore(
  answers: Answers,
  root: string,
  kind: string,
): ReadonlyMap<string, Json> {
  const lines = linesBeforeEnd(answers, beforeQuery(root), "what was taken over has no end");
  const found = new Map<string, Json>();
  for (const line of lines.filter((text) => text !== "")) {
    const before = parsed(line);
    if (before.kind === kind) found.set(before.key, before.former);
  }
  return found;
}

function parsed(line: string): Before {
  try {
    const value: unknown = JSON.parse(line);
    if (isObject(value)) {
      const { kind, key, former } = value;
      if (typeof kind === "string" && typeof key === "string" && former !== undefined)
        return { kind, key, former };
    }
  } catch {
    // Told below: what it was is not known.
  }
  throw new Unreadable("what was taken over is damaged");
}

/** One line: what a kind keeps of the former state. */
export const saveBefore = (root: string, before: Before): PutStep => ({
  do: "put",
  path: beforePath(root, before.kind, before.key),
  content: { text: `${JSON.stringify(before)}\n` },
  mode: "0600",
});

export const forgetBefore = (root: string, kind: string, key: string): RemoveStep => ({
  do: "remove",
  path: beforePath(root, kind, key),
});
