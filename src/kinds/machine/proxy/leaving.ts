import type { Step } from "../../../model/step.ts";
import { post, removeEnded, renameContainer, updateContainer } from "../../shared/engine.ts";
import type { ProxySpec } from "../../shared/proxy/spec.ts";
import type { ProxyContainer } from "./state.ts";

/** Where nothing is open a proxy has left within this; what takes longer is removed when somebody looks again. */
const leftMs = 2_000;

/** It was told to leave, or was about to be: it may serve what is open, and is nobody's choice again. */
export const isLeaving = ({ running, restart, name }: ProxyContainer): boolean =>
  leavingName.test(name) || (running && restart === "no");

/** Runs, and was not told yet; its name says that it was. */
export const isToLeave = ({ running, restart, name }: ProxyContainer): boolean =>
  running && !(restart === "no" && leavingName.test(name));

const leavingName = /-leaving-[0-9a-f]{8}$/;

const nameOfLeaving = (fleet: string, id: string): string =>
  `slipway-${fleet}-proxy-leaving-${id.slice(0, 8)}`;

/**
 * Leaves when nothing is open any more; until then it answers what it has, and an engine that restarts lets it be. Its name
 * says that it was told to: one that was not goes on taking requests, beside the one that has its listeners.
 */
export const letGo = ({ fleet }: ProxySpec, { id }: ProxyContainer): readonly Step[] => [
  updateContainer(id, { RestartPolicy: { Name: "no" } }),
  post(["containers", id, "kill"], { query: { signal: "SIGUSR1" }, accept: [404, 409] }),
  { ...renameContainer(id, nameOfLeaving(fleet, id)), accept: [404] },
];

export const hasLeft = ({ id }: ProxyContainer): readonly Step[] => [
  { do: "leave", container: id, patienceMs: leftMs },
  removeEnded(id),
];
