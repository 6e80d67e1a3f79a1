import type { Answers } from "../../model/query.ts";
import type { About, Kind } from "../kind.ts";
import { labelOf, readContainer } from "../shared/container/live.ts";
import { difference } from "../shared/difference.ts";
import { containersQuery, removeContainer } from "../shared/engine.ts";
import { label } from "../shared/labels.ts";

/** A container that was made for one command of a person, beside the instances. */
export interface OnceState {
  readonly id: string;
  readonly name: string;
  readonly app: string;
  readonly family: string;
  readonly running: boolean;
  /** When it ended; of one that never ran, when it was made. ISO 8601. */
  readonly since: string;
}

/** Who made it removes it: what stands still for longer was left by a client that died. */
const leftAfterMs = 10 * 60_000;

/** Nobody declares one: only what is left over is seen to. */
export const once: Kind<OnceState, OnceState> = {
  id: "app/once",
  summary: "A container of `slipway exec --new`; what a client that died left of it is removed.",
  declaredIn: [],
  name: ({ id }) => id.slice(0, 12),
  key: ({ id }) => id,
  observe: () => [containersQuery],
  read: readOnce,
  owner: ({ app, family, id }) => ({ app, family, name: id.slice(0, 12) }),
  diff: (want, have, facts) => {
    if (want !== undefined || have === undefined || have.running) return undefined;
    if (facts.clockMs - Date.parse(have.since) < leftAfterMs) return undefined;
    return difference("delete", "left-over", `${have.name} was left over by 'exec --new'`);
  },
  apply: ({ have }) => (have === undefined ? [] : [removeContainer(have.id)]),
  redact: (state) => state,
};

function readOnce(answers: Answers, about: About): ReadonlyMap<string, OnceState> {
  const states = answers.each(containersQuery).flatMap((inspect): OnceState[] => {
    const isOurs = labelOf(inspect, label.fleet) === about.fleet;
    if (!isOurs || labelOf(inspect, label.once) === undefined) return [];
    const { id, name, app, family, status, running, createdAt, finishedAt } =
      readContainer(inspect);
    if (status === "removing") return [];
    return [{ id, name, app, family, running, since: finishedAt ?? createdAt }];
  });
  return new Map(states.map((state) => [state.id, state]));
}
