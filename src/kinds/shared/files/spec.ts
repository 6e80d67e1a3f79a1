import type { Content } from "../../../model/step.ts";

/** One `files` entry of an app, on one machine: a file or a folder, written once under its digest. */
export interface FilesSpec {
  readonly app: string;
  readonly family: string;
  /** Where it is mounted in the container. */
  readonly target: string;
  /** Keyed digest of content, mode, owner and app: its name below `<root>/files/`. */
  readonly digest: string;
  /** One entry with path "" for a file; else the folder's. */
  readonly entries: readonly FileEntry[];
  readonly folder: boolean;
  /** `uid:gid` */
  readonly owner: string;
  /** What has copies of it that running containers see: folders below `<root>/files/`. */
  readonly copies?: readonly string[];
}

export interface FileEntry {
  readonly path: string;
  readonly content: Exclude<Content, { readonly text: string }>;
  readonly sha256: string;
  /** Octal: "0644". */
  readonly mode: string;
}
