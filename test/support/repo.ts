import { createHash } from "node:crypto";
import type { Snapshot, TreeEntry } from "../../src/model/snapshot.ts";
import { SourceError } from "../../src/source/source.ts";

export interface SnapshotOptions {
  readonly revision?: string;
  readonly truncated?: string;
  /** Paths that are something else than plain files. */
  readonly types?: Readonly<Record<string, TreeEntry["type"]>>;
  /** Called for every blob that is read. */
  readonly onRead?: (blob: string) => void;
}

/** Blob ids as git makes them, so that equal content has equal ids. */
export const blobId = (content: string | Uint8Array): string => {
  const bytes = Buffer.from(content);
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
};

/** An infra repo in memory, by path. */
export function snapshotOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: SnapshotOptions = {},
): Snapshot {
  const blobs = new Map<string, Uint8Array>();
  const entries = Object.entries(files).map(([path, content]): TreeEntry => {
    const blob = blobId(content);
    blobs.set(blob, Buffer.from(content));
    return { path, blob, type: options.types?.[path] ?? "file" };
  });
  return {
    revision: options.revision ?? "0123456789abcdef0123456789abcdef01234567",
    entries: entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    ...(options.truncated === undefined ? {} : { truncated: options.truncated }),
    read(blob, maxBytes) {
      options.onRead?.(blob);
      const bytes = blobs.get(blob);
      if (bytes === undefined) return Promise.reject(new SourceError("missing", `no blob ${blob}`));
      if (bytes.length > maxBytes)
        return Promise.reject(
          new SourceError("too-large", `blob ${blob} is larger than ${maxBytes} bytes`),
        );
      return Promise.resolve(bytes);
    },
  };
}
