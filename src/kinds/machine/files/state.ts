import type { Content } from "../../../model/step.ts";

/** One file of the machine itself. */
export interface FileSpec {
  readonly path: string;
  readonly content: Exclude<Content, { readonly text: string }>;
  /** Only to be compared: of a secret it is shown to nobody. */
  readonly sha256: string;
  /** Octal, four digits. */
  readonly mode: string;
  /** `user:group`, each by name or number. */
  readonly owner: string;
}

export interface FileState {
  readonly path: string;
  /** Undefined: there is nothing. */
  readonly live?: LiveFile;
  /** The folder in which it is, or the next one above that is there, without links; "": what is there is no folder. */
  readonly folder: string;
  /** The topmost folder on the way to it that is missing. */
  readonly missing?: string;
  /** It was taken over. */
  readonly before?: FormerFile;
}

export type LiveFile =
  | {
      readonly type: "file";
      /** Octal, four digits. */
      readonly mode: string;
      /** `uid:gid` */
      readonly owner: string;
      /** The same by name. */
      readonly named: string;
      readonly sha256: string;
    }
  | { readonly type: "folder" | "link" | "other" };

export type FormerFile =
  | { readonly was: "file" }
  /** `made`: the topmost folder that was made for it. */
  | { readonly was: "nothing"; readonly made?: string };
