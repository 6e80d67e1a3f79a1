import { printableLine } from "../lib/text.ts";
import type { Report } from "./findings.ts";
import { badNameCharacter } from "./names.ts";
import { startOf } from "./node.ts";
import type { SecretPlace } from "./places.ts";
import type { LayerFile } from "./tree.ts";

/** What stands under `secrets/`, by its name there: overlays of the environment come after what they are laid over. */
export interface SecretTree {
  /** Files of values, by path without `.yaml`. */
  readonly values: ReadonlyMap<string, readonly LayerFile[]>;
  /** Whole files, by path; the environment's hides the root's. */
  readonly wholeFiles: ReadonlyMap<string, LayerFile>;
  /** Whether there is something of which not even the name is known. */
  readonly unlisted: boolean;
}

export interface SecretSorter {
  place(place: SecretPlace, file: LayerFile): void;
  /** Takes note of something refused of which is not known what it would be. */
  refuse(): void;
  tree(readable: (layers: readonly LayerFile[]) => readonly LayerFile[]): SecretTree;
}

const nameLimit = 200;

export function createSecretSorter(report: Report): SecretSorter {
  const values = new Map<string, LayerFile[]>();
  const wholeFiles = new Map<string, LayerFile>();
  let unlisted = false;
  return {
    place({ as, name }, file) {
      const problem = problemOf(name);
      if (problem !== undefined) {
        unlisted = true;
        if (file.refused === true) return;
        const shown = printableLine(name);
        report(
          "bad-name",
          startOf(printableLine(file.path)),
          `no app can name '${shown}': ${problem}`,
        );
      } else if (as === "whole file") wholeFiles.set(name, file);
      else values.set(name, [...(values.get(name) ?? []), file]);
    },
    refuse() {
      unlisted = true;
    },
    tree: (readable) => ({
      values: new Map([...values].map(([name, layers]) => [name, readable(layers)])),
      wholeFiles,
      unlisted,
    }),
  };
}

/** Names are what references are made of. */
function problemOf(name: string): string | undefined {
  const odd = badNameCharacter(name, /^[A-Za-z0-9_./-]$/);
  if (odd !== undefined) return `it holds ${odd}`;
  if (name.length > nameLimit) return `it is longer than ${nameLimit}`;
  return /(?:^|\/)-/.test(name) ? "a part of it starts with '-'" : undefined;
}
