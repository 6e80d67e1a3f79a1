import { counted } from "../../../lib/text.ts";
import { hasErrors, type Diagnostic } from "../../../model/diagnostic.ts";
import { ageIdentities } from "../../age-identities.ts";
import type { Context, Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { showFindings } from "../../findings.ts";
import { checkFile } from "../../secrets/check.ts";
import { fleetsOf, openPlace } from "../../secrets/place.ts";
import { readList } from "../../secrets/recipients-for.ts";
import { readSecrets, type SecretFile } from "../../secrets/tree.ts";
import { usageKey, usageOf } from "../../secrets/usage.ts";

export const run: Run = async (context) => {
  const { io, options } = context;
  const place = await openPlace(context);
  const { environment } = place;
  const tree = await readSecrets(
    context,
    (one) => environment === undefined || one === undefined || one === environment,
  );
  const findings: Diagnostic[] = [];
  for (const path of tree.lists)
    findings.push(...((await readList(place.folder, path))?.findings ?? []));
  if (tree.files.length > 0) {
    const identities = await ageIdentities(context, fleetsOf(place, tree.environments));
    const isNeeded = environment === undefined ? () => true : await usedBy(context);
    for (const file of tree.files)
      findings.push(...(await checkFile(place.folder, file, identities, isNeeded)));
  }
  const what = environment === undefined ? "all" : `all that ${environment} has or uses`;
  if (findings.length === 0 && !options.json)
    io.out.write(`${counted(tree.files.length, "file")} below secrets/: ${what} can be opened\n`);
  else showFindings(context, findings.toSorted(byPlace));
  return hasErrors(findings) ? exit.trouble : exit.done;
};

/** Of the root's values an environment needs those that it uses: the others may be for other readers. */
async function usedBy(context: Context): Promise<(file: SecretFile, name: string) => boolean> {
  const { uses, unknown } = await usageOf(context);
  if (unknown.length > 0) return () => true;
  const files = new Set([...uses.keys()].map((key) => key.slice(0, key.indexOf(" "))));
  return ({ path, environment, content }, name) =>
    environment !== undefined ||
    (content.form === "sops" ? files.has(path) : uses.has(usageKey(path, name)));
}

function byPlace({ where: a }: Diagnostic, { where: b }: Diagnostic): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.col - b.col;
}
