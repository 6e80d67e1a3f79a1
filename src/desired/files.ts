import type { FilesSpec } from "../kinds/index.ts";
import { keyedDigestOf } from "../lib/hash.ts";
import type { AppDocument } from "../model/documents.ts";
import { fieldsOn } from "./names.ts";

/**
 * The files that an app ships to one machine, each under the keyed digest of content, mode, owner and app. `as`: the app's
 * name when it was new there; a rename leaves the digests as they are.
 */
export function filesSpecs(
  app: AppDocument,
  machine: string,
  key: string,
  hashes: ReadonlyMap<string, string>,
  as: string,
): readonly FilesSpec[] {
  const fields = fieldsOn(app, machine);
  return Object.entries(fields.files ?? {}).map(([target, declared]) => {
    const { from, mode, owner } =
      typeof declared === "string"
        ? { from: declared, mode: undefined, owner: undefined }
        : declared;
    const shipped = app.ships.get(from) ?? [];
    const folder = shipped.length !== 1 || shipped[0]?.path !== "";
    const entries = shipped.map((file) => ({
      path: file.path,
      blob: file.blob,
      sha256: hashes.get(file.blob) ?? "",
      mode: octal(mode ?? (file.executable ? "0755" : "0644")),
    }));
    const uidGid = ownerOf(owner, fields.user);
    const digest = keyedDigestOf(key, {
      app: as,
      owner: uidGid,
      folder,
      entries: entries.map((e) => [e.path, e.sha256, e.mode]),
    });
    return { app: app.name, family: app.family, target, digest, entries, folder, owner: uidGid };
  });
}

/** As declared, else the container's numeric user, else root. */
function ownerOf(declared: string | undefined, user: string | undefined): string {
  const numeric = declared ?? (user !== undefined && /^\d+(:\d+)?$/.test(user) ? user : "0:0");
  return numeric.includes(":") ? numeric : `${numeric}:0`;
}

const octal = (mode: string): string => mode.padStart(4, "0");
