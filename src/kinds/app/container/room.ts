import type { Facts } from "../../../model/resource.ts";
import type { RoomStep } from "../../../model/step.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { optional } from "../../shared/optional.ts";
import { isProven, situationOf } from "./situation.ts";
import type { ContainerState } from "./state.ts";
import { stopsFirst } from "./steps.ts";

/** Less disk than this, and a container may be created that cannot write its first line. */
const diskBytes = 32 * 1024 * 1024;

/** Room for a container that is to start: next to the old one, where that goes on serving meanwhile. */
export function roomFor(
  want: ContainerSpec,
  have: ContainerState | undefined,
  facts: Facts,
): readonly RoomStep[] {
  const situation = situationOf(want, have);
  const { right, revivable, old } = situation;
  if (!want.running || (right !== undefined && isProven(situation, right))) return [];
  const isOverlapping = old?.running === true && right?.running !== true && !stopsFirst(situation);
  const isMade = right !== undefined || revivable !== undefined;
  // What is there already and starts beside nobody is let start: a way back asks for no room.
  if (isMade && !isOverlapping) return [];
  const { memoryReservationBytes, memoryBytes } = want.limits;
  const beside = isOverlapping
    ? {
        container: old.id,
        ...optional("reservationBytes", memoryReservationBytes),
        ...optional("limitBytes", memoryBytes),
      }
    : undefined;
  const disk = isMade ? 0 : diskBytes;
  return [
    { do: "room", folder: facts.engineFolder, diskBytes: disk, ...optional("beside", beside) },
  ];
}
