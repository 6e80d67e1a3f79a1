import { createParseCache, load, togetherOf, type Loaded } from "../../load/load.ts";
import { hasErrors, type Diagnostic } from "../../model/diagnostic.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { openSecrets } from "../../pass/secrets.ts";
import type { SecretOpener } from "../../pass/world.ts";
import { ageKeysOf } from "../age-key.ts";
import type { Context, Run } from "../command.ts";
import { fleetsIn } from "../fleets.ts";
import { exit } from "../exit.ts";
import { showFindings } from "../findings.ts";
import { textFlag } from "../given.ts";
import { snapshotOnDisk } from "../working-tree.ts";

export const run: Run = async (context, given) => {
  const revision = textFlag(given, "revision");
  const findings =
    revision === undefined
      ? await check(context, await snapshotOnDisk(context))
      : await checkRevision(context, revision);
  showFindings(context, findings);
  return hasErrors(findings) ? exit.trouble : exit.done;
};

async function checkRevision(context: Context, revision: string): Promise<readonly Diagnostic[]> {
  const { openRepo } = await import("../open-repo.ts");
  const { source } = await openRepo(context, "warn");
  try {
    return await check(context, await source.snapshot(await source.resolve(revision)));
  } finally {
    await source.close();
  }
}

/** The root by itself and with each environment, unless one is named; what several find alike is told once. */
async function check(context: Context, snapshot: Snapshot): Promise<readonly Diagnostic[]> {
  const cache = createParseCache();
  const { environment } = context.options;
  const wanted = environment === undefined ? fleetsIn(snapshot) : [environment];
  const read: Loaded[] = [];
  const keys = ageKeysOf(context);
  for (const one of wanted) {
    const named = one === undefined ? {} : { environment: one };
    const secrets = await context.parts.openSecrets(async (fleet) => await keys(fleet, one));
    const found = await opened(await load(snapshot, { cache, ...named }), snapshot, secrets);
    // A key that was named is that of one fleet, and says nothing of what others can read.
    const isOthers = wanted.length > 1 && context.options.ageKeys.length > 0;
    const findings = found.findings.filter(({ code }) => !isOthers || code !== "secret-not-for-us");
    read.push({ ...found, findings });
  }
  const [only] = read;
  return read.length === 1 && only !== undefined ? only.findings : togetherOf(read);
}

/** With what is found when its secrets are opened, where there is a key: that others have none is no finding. */
async function opened(loaded: Loaded, snapshot: Snapshot, secrets: SecretOpener): Promise<Loaded> {
  const { documents, findings } = loaded;
  if (documents === undefined || documents.sealed.size === 0) return loaded;
  if (!(await secrets.prepare(documents.fleet))) return loaded;
  const found = await openSecrets({ secrets }, documents, snapshot);
  return { ...loaded, findings: [...findings, ...found.findings] };
}
