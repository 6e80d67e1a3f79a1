import type { FilesSpec } from "../kinds/index.ts";
import { keyedDigestOf } from "../lib/hash.ts";
import type { AppDocument } from "../model/documents.ts";
import { fieldsOn } from "./names.ts";
import { secretFilesOf, type SecretDigests } from "./secrets.ts";

/** What is known of contents without showing them. */
export interface Contents {
  /** Blob → sha256. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly secrets: SecretDigests;
}

type FileFields = Exclude<NonNullable<AppDocument["fields"]["files"]>[string], string>;

/**
 * The files that an app ships to one machine, each under the keyed digest of content, mode, owner and app. `as`: the app's
 * name when it was new there; a rename leaves the digests as they are.
 */
export function filesSpecs(
  app: AppDocument,
  machine: string,
  key: string,
  { hashes, secrets }: Contents,
  as: string,
): readonly FilesSpec[] {
  const fields = fieldsOn(app, machine);
  const specOf = (
    target: string,
    folder: boolean,
    entries: FilesSpec["entries"],
    declaredOwner: string | undefined,
  ): FilesSpec => {
    const owner = ownerOf(declaredOwner, fields.user);
    const digest = keyedDigestOf(key, {
      app: as,
      owner,
      folder,
      entries: entries.map((e) => [e.path, e.sha256, e.mode]),
    });
    return { app: app.name, family: app.family, target, digest, entries, folder, owner };
  };
  const secret = secretFilesOf(app, fields).map(({ target, text, mode, owner }) => {
    const entry = { path: "", content: { sealed: text }, sha256: secrets.sha256(text), mode };
    return specOf(target, false, [entry], owner);
  });
  const plain = Object.entries(fields.files ?? {}).flatMap(([target, declared]) => {
    const {
      from,
      mode,
      owner,
      secret: ref,
      template,
    } = typeof declared === "string" ? ({ from: declared } satisfies FileFields) : declared;
    if (from === undefined || ref !== undefined || template === true) return [];
    const shipped = app.ships.get(from) ?? [];
    const folder = shipped.length !== 1 || shipped[0]?.path !== "";
    const entries = shipped.map((file) => ({
      path: file.path,
      content: { blob: file.blob },
      sha256: hashes.get(file.blob) ?? "",
      mode: octal(mode ?? (file.executable ? "0755" : "0644")),
    }));
    return [specOf(target, folder, entries, owner)];
  });
  return [...plain, ...secret];
}

/** As declared, else the container's numeric user, else root. */
function ownerOf(declared: string | undefined, user: string | undefined): string {
  const numeric = declared ?? (user !== undefined && /^\d+(:\d+)?$/.test(user) ? user : "0:0");
  return numeric.includes(":") ? numeric : `${numeric}:0`;
}

const octal = (mode: string): string => mode.padStart(4, "0");
