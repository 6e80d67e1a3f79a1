import type { Result } from "../../forges/statuses.ts";
import { counted, listed } from "../../lib/text.ts";
import { sayHeld } from "../../model/saying.ts";
import { changesOf, type Held, type Plan, type UnknownLive } from "../../model/plan.ts";
import { askedLater } from "../../pass/within.ts";
import { countsOf, countsText } from "../../report/plan-groups.ts";

/**
 * What a plan comes to as a light. `standing` is held on the branch already, and is not this commit's fault: address and
 * text as an outcome has them. What is only asked once it is merged keeps nothing back, but is said.
 */
export function verdictOf(plan: Plan, standing: ReadonlySet<string>): Result {
  const held = plan.held.filter((h) => !standing.has(standingKey(heldInOutcome(h))));
  const [first, ...more] = held;
  if (first !== undefined) return { state: "failure", text: `${sayHeld(first)}${andMore(more)}` };
  const unasked = new Set(
    plan.unknown.filter((u) => isRefused(u) && !isOfApp(u)).map((u) => u.machine),
  );
  const isLater = (u: UnknownLive): boolean => isRefused(u) || unasked.has(u.machine);
  const [trouble, ...others] = plan.unknown.filter((u) => !isLater(u));
  if (trouble !== undefined)
    return {
      state: "error",
      text: `not seen: ${trouble.machine}: ${trouble.why}${andMore(others)}`,
    };
  const later = [...new Set(plan.unknown.filter(isRefused).map(nameOf))];
  const rest = later.length === 0 ? "" : `; ${listed(later, 3)}: ${askedLater}`;
  return { state: "success", text: `${changesText(plan)}${rest}` };
}

/** By which what is held in a plan is known again in the outcome of another pass. */
export const standingKey = ({
  address,
  text,
}: {
  readonly address: string;
  readonly text: string;
}): string => `${address} ${text}`;

const heldInOutcome = ({ address, text, needs }: Held) => ({
  address,
  text: needs === undefined ? text : `${text}; needs ${needs}`,
});

/** `3 changes: 1 to create, 2 to replace`, or `no changes`. */
function changesText(plan: Plan): string {
  const count = changesOf(plan).length;
  const counts = { ...countsOf(plan), held: 0, unknown: 0, awaiting: 0 };
  return count === 0 ? "no changes" : `${counted(count, "change")}: ${countsText(counts)}`;
}

const isRefused = ({ why }: UnknownLive): boolean => why.endsWith(askedLater);

/** Of a machine that is not asked only itself. */
const nameOf = ({ address, machine }: Pick<UnknownLive, "address" | "machine">): string =>
  isOfApp({ address }) ? address : machine;

const isOfApp = ({ address }: Pick<UnknownLive, "address">): boolean => address.startsWith("app/");

const andMore = (more: readonly unknown[]): string =>
  more.length === 0 ? "" : ` (and ${more.length} more)`;
