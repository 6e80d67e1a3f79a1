import { startLoad, type LoadReport } from "../test/support/load/load.ts";
import { shopHost } from "./ask.ts";
import { tell } from "./say.ts";

/** Has clients ask the shop by all these addresses without a pause while something is done, and tells how they fared. */
export async function underLoad(
  addresses: readonly string[],
  what: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const targets = addresses.map((address) => ({ url: `http://${shopHost}/`, address }));
  const clients = { kept: 6, fresh: 2, streams: 0, sockets: 0 };
  const load = await startLoad(targets, clients);
  await work();
  tell(fared(what, await load.stop()));
}

function fared(what: string, { requests, versions, failures, latencyMs }: LoadReport): string {
  const failed = Object.entries(failures).map(([failure, count]) => `${count} ${failure}`);
  const by = Object.entries(versions).map(([version, count]) => `${count} by ${version}`);
  const end = failed.length === 0 ? "none failed" : `FAILED: ${failed.join(", ")}`;
  return `${requests} requests ${what} (${by.join(", ")}; the slowest took ${Math.round(latencyMs.max)} ms): ${end}`;
}
