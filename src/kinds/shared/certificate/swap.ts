import { insideProxy, proxyFolder, proxySocket } from "../../../model/paths.ts";
import type { LoadStep } from "../../../model/certificate-step.ts";
import type { Step } from "../../../model/step.ts";
import { certificateInProxy, crtList } from "../proxy/crt-list.ts";
import { certificatePath } from "./files.ts";

const socketOf = (root: string): string => proxySocket(proxyFolder(root));

/** By this proxies answer an authority. */
export const answersOf = (root: string): { readonly socket: string; readonly map: string } => ({
  socket: socketOf(root),
  map: `${insideProxy.etc}/acme.map`,
});

const loadStep = (root: string, host: string, path: string): LoadStep => ({
  do: "load",
  path,
  file: certificateInProxy(host),
  socket: socketOf(root),
  timeoutMs: 15_000,
});

/** Has a proxy that runs show what is there for a host that is new to it. */
export const listStep = (root: string, host: string): LoadStep => ({
  ...loadStep(root, host, certificatePath(root, host)),
  list: { path: crtList, host },
});

/**
 * Lets what is prepared take the place of what is there. The proxy comes first: what is cut off between is still
 * prepared, and done again.
 */
export const swapSteps = (root: string, host: string): readonly Step[] => [
  loadStep(root, host, certificatePath(root, host, "prepared")),
  {
    do: "run",
    argv: ["mv", "-T", "--", certificatePath(root, host, "prepared"), certificatePath(root, host)],
    timeoutMs: 10_000,
  },
];
