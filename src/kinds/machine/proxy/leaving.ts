import type { Step } from "../../../model/step.ts";
import { post, removeEnded, renameContainer, updateContainer } from "../../shared/engine.ts";
import type { ProxySpec } from "../../shared/proxy/spec.ts";
import type { ProxyContainer } from "./state.ts";

/** Where nothing is open a proxy has left within these; what takes longer is removed when somebody looks again. */
const firstMs = 500;
const leftMs = 1_500;

/** It was told to leave, or was about to be: it may serve what is open, and is nobody's choice again. */
export const isLeaving = ({ running, restart, name }: ProxyContainer): boolean =>
  leavingName.test(name) || (running && restart === "no");

/** Runs, and was not told yet, as its name says once it was; or has not heard it. */
export const isToLeave = ({ running, restart, name, answers }: ProxyContainer): boolean =>
  running && (answers === true || !(restart === "no" && leavingName.test(name)));

const leavingName = /-leaving-[0-9a-f]{8}$/;

const nameOfLeaving = (fleet: string, id: string): string =>
  `slipway-${fleet}-proxy-leaving-${id.slice(0, 8)}`;

/**
 * Leaves when nothing is open any more; until then it answers what it has, and an engine that restarts lets it be. Its name
 * says that it was told to: one that was not goes on taking requests, beside the one that has its listeners.
 */
export const letGo = ({ fleet }: ProxySpec, { id, name }: ProxyContainer): readonly Step[] => [
  updateContainer(id, { RestartPolicy: { Name: "no" } }),
  tell(id),
  ...(leavingName.test(name)
    ? []
    : [{ ...renameContainer(id, nameOfLeaving(fleet, id)), accept: [404] }]),
];

const tell = (id: string): Step =>
  post(["containers", id, "kill"], { query: { signal: "SIGUSR1" }, accept: [404, 409] });

/** Told twice: one that died and was just starting again may not have heard it. */
export const hasLeft = ({ id }: ProxyContainer): readonly Step[] => [
  { do: "leave", container: id, patienceMs: firstMs },
  tell(id),
  { do: "leave", container: id, patienceMs: leftMs },
  removeEnded(id),
];
