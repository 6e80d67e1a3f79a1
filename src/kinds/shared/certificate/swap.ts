import type { LoadStep, Step } from "../../../model/step.ts";
import { certificateFileName, certificatePath } from "./files.ts";

/** Where the proxy's container sees the files, and its runtime socket on the machine. */
const seen = "/etc/slipway/certs";

const loadPrepared = (root: string, host: string): LoadStep => ({
  do: "load",
  path: certificatePath(root, host, "prepared"),
  file: `${seen}/${certificateFileName(host)}`,
  socket: `${root}/proxy/run/admin.sock`,
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
