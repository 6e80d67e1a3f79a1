import type { Difference } from "../../model/change.ts";
import type { PutStep, RebootStep } from "../../model/step.ts";
import type { Kind } from "../kind.ts";
import { difference } from "../shared/difference.ts";
import {
  askedFor,
  askReboot,
  readReboot,
  recordOf,
  recordPath,
  type RebootState,
} from "./reboot/query.ts";

/** That it may be rebooted where it needs that. When is the planner's to say, which knows what time it is. */
export interface RebootSpec {
  readonly window: {
    readonly schedule: string;
    readonly forMs: number;
    readonly timezone: string;
  };
  readonly deadlineMs: number;
}

/** It was rebooted, and what runs there is still to be proven. */
export const unproven = "unproven";

export const reboot: Kind<RebootSpec, RebootState> = {
  id: "machine/reboot",
  summary: "A reboot that the machine says it needs.",
  declaredIn: ["/machines/reboot"],
  name: () => "",
  key: () => "",
  observe: askReboot,
  read: readReboot,
  owner: ({ last }) => (last === undefined ? undefined : { name: "" }),
  diff: (want, have) => {
    if (want === undefined)
      return have?.last === undefined
        ? undefined
        : difference(
            "delete",
            "undeclared",
            "reboot is no longer declared: what is remembered of the last one goes",
          );
    if (have === undefined) return undefined;
    const { last, boot, needs } = have;
    if (last !== undefined && last.from !== boot && !last.isProven)
      return difference(
        "run",
        unproven,
        "it was rebooted, and what runs there is still to be proven",
      );
    // One reboot for one need: what still asks for it afterwards would ask for ever.
    const isTried = last !== undefined && last.from !== boot;
    const open = isTried ? needs.filter((need) => !last.needs.includes(need)) : needs;
    return open.length === 0 ? undefined : needed(have);
  },
  apply: ({ difference: { action, reason }, want, have }, { root }) => {
    if (want === undefined || have === undefined || action === "delete")
      return [{ do: "remove", path: recordPath(root) }];
    const { needs, boot, last } = have;
    if (reason.code === unproven && last !== undefined)
      return [record(root, { ...last, isProven: true })];
    return [
      record(root, { needs, from: boot, isProven: false }),
      { do: "reboot", boot, deadlineMs: want.deadlineMs, drains: [] } satisfies RebootStep,
    ];
  },
  redact: (state) => state,
};

const needed = ({ needs, packages }: RebootState): Difference => {
  const named = packages.length > 0 ? packages : needs.filter((need) => !need.startsWith(askedFor));
  const what = named.length === 0 ? "" : `, for ${named.join(", ")}`;
  return {
    ...difference("run", "reboot-needed", `it has to be rebooted${what}`),
    disruption: { kind: "restart" },
  };
};

const record = (root: string, last: NonNullable<RebootState["last"]>): PutStep => ({
  do: "put",
  path: recordPath(root),
  content: { text: recordOf(last) },
  mode: "0600",
});
