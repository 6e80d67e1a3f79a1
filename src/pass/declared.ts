import { valuesIn } from "../desired/secrets.ts";
import type { FileSpec, FilesSpec } from "../kinds/index.ts";
import { covers, type Address } from "../model/address.ts";
import type { Change } from "../model/change.ts";
import type { Where } from "../model/diagnostic.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import type { Resource } from "../model/resource.ts";
import type { SealedValue } from "../model/sealed.ts";
import type { Survey } from "./survey.ts";

/** Where the repo says what is at an address. */
export interface Declared {
  readonly where: Where;
  /** `file`: all of it, with what lies in its folder; `line`: that key and what is below it. */
  readonly by: "file" | "line";
  /** Files that are shipped from there. */
  readonly blobs: readonly string[];
  /** Secrets that go into it. */
  readonly secrets: readonly SealedValue[];
}

/** Of what is planned the place of the change, else of what is declared at or below the address. */
export function declaredAt(
  look: Pick<Survey, "resources" | "apps">,
  documents: Documents,
  planned: readonly Change[],
  address: Address,
): Declared | undefined {
  const change = planned.find(({ reason }) => reason.where !== undefined);
  if (change?.reason.where !== undefined) {
    const app = look.apps.find((a) => a.name === change.app);
    return { ...ofChange(change, change.reason.where), secrets: secretsIn(change, app) };
  }
  const here = look.resources.filter((r) => covers(address, r.address));
  const [one] = here;
  const isOne = here.every(({ kind, where }) => kind === one?.kind && isSame(where, one.where));
  if (one?.where !== undefined && isOne && one.kind !== "app/container")
    return { where: one.where, by: "line", blobs: blobsOf(one), secrets: [] };
  const machine = /^machine\/([^/]+)$/.exec(address)?.[1];
  const [, named] = /^(?:machine\/[^/]+\/)?app\/([^/]+)/.exec(address) ?? [];
  const app =
    look.apps.find((a) => a.family === named || a.name === named) ??
    look.apps.find((a) => a.name === one?.app);
  const document = machine === undefined ? app : documents.machines.get(machine);
  if (document === undefined) return undefined;
  return { where: document.at([]), by: "file", blobs: [], secrets: [] };
}

/** What was taken away, or is shipped from beside the file, is in no line of it. */
function ofChange({ fields, kind }: Change, where: Where): Omit<Declared, "secrets"> {
  const isLine =
    kind !== "app/files" &&
    kind !== "machine/files" &&
    fields.length > 0 &&
    fields.every(({ path, declared }) => declared !== undefined && !path.startsWith("files."));
  return { where, by: isLine ? "line" : "file", blobs: [] };
}

function secretsIn(
  { fields, machine }: Change,
  app: AppDocument | undefined,
): readonly SealedValue[] {
  if (app === undefined || machine === undefined) return [];
  const found = fields.flatMap(({ path }) => {
    const [top = "", ...name] = path.split(".");
    return valuesIn(app, machine, [top, name.join(".")]);
  });
  return [...new Set(found)];
}

const isSame = (a: Where | undefined, b: Where | undefined): boolean =>
  a?.file === b?.file && a?.line === b?.line;

function blobsOf({ kind, spec }: Resource): readonly string[] {
  const contents =
    kind === "app/files"
      ? (spec as FilesSpec).entries.map(({ content }) => content)
      : kind === "machine/files"
        ? [(spec as FileSpec).content]
        : [];
  return contents.flatMap((content) => ("blob" in content ? [content.blob] : []));
}
