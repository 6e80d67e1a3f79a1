import type { Step } from "../../../model/step.ts";
import { disconnectNetwork, renameContainer } from "../../shared/engine.ts";
import type { AdoptedContainer } from "./adopted.ts";

/** Nothing of us is left of it. */
export const isGivenBack = ({ name, adopted }: AdoptedContainer): boolean =>
  name === adopted.name && adopted.joined.length === 0;

/** As it was before us: under its own name, and on no network of ours. It runs on, or stays stopped. */
export const letGo = ({ id, name, adopted }: AdoptedContainer): readonly Step[] => [
  ...adopted.joined.map((network) => disconnectNetwork(network, id)),
  ...(name === adopted.name ? [] : [{ ...renameContainer(id, adopted.name), accept: [404, 409] }]),
];
