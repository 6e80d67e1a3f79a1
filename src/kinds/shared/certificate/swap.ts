import type { LoadStep, Step } from "../../../model/step.ts";
import { standardSite } from "../proxy/config/site.ts";
import { certificateFileName, certificatePath } from "./files.ts";

/** A proxy's runtime socket, on the machine. */
const socketOf = (root: string): string => `${root}/proxy/run/admin.sock`;

/** By this proxies answer an authority. */
export const answersOf = (root: string): { readonly socket: string; readonly map: string } => ({
  socket: socketOf(root),
  map: `${standardSite.etc}/acme.map`,
});

const loadPrepared = (root: string, host: string): LoadStep => ({
  do: "load",
  path: certificatePath(root, host, "prepared"),
  file: `${standardSite.etc}/certs/${certificateFileName(host)}`,
  socket: socketOf(root),
  timeoutMs: 15_000,
});

/**
 * Lets what is prepared take the place of what is there. The proxy comes first: what is cut off between is still
 * prepared, and done again.
 */
export const swapSteps = (root: string, host: string): readonly Step[] => [
  loadPrepared(root, host),
  {
    do: "run",
    argv: ["mv", "-T", "--", certificatePath(root, host, "prepared"), certificatePath(root, host)],
    timeoutMs: 10_000,
  },
];
