import { fileURLToPath } from "node:url";
import { must } from "../fleet/run.ts";
import { cliEnv } from "./cli-env.ts";
import type { Site } from "./site.ts";

const bin = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

/** What `slipway plan` says of a site: to people, and with --json the addresses of what is tried under a dead man's switch. */
export async function saidOf(
  site: Site,
): Promise<{ readonly text: string; readonly trials: readonly string[] }> {
  const env = {
    ...cliEnv(site.fleet.dir, site.infra.repo),
    SLIPWAY_SSH_KEY: site.fleet.sshKeyFile,
  };
  const text = await must([bin, "plan"], { env });
  const { changes } = JSON.parse(await must([bin, "plan", "--json"], { env })) as {
    readonly changes: readonly { readonly address: string; readonly trial?: true }[];
  };
  return { text, trials: changes.flatMap((c) => (c.trial === true ? c.address : [])) };
}

/** What is said of a change by hand without when it was, and who was there. */
export const untimed = (text: string): string =>
  text.replace(/ at \d{4}-\d\d-\d\d [\d:]+ UTC(?:, while .* logged in)?$/, "");
