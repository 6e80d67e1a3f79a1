import type { RunStep } from "../../model/step.ts";
import { beforePath } from "./before.ts";

/**
 * The bytes of a file that was taken over, with its mode and owner, copied on the machine beside what is written of its
 * former state. It is copied before that is written, and goes with it.
 */
const keptPath = (root: string, kind: string, key: string): string =>
  beforePath(root, kind, key).replace(/\.json$/, ".kept");

const keepScript = `
set -eu
umask 077
mkdir -p -- "\${2%/*}"
cp -p -- "$1" "$2.partial"
mv -f -- "$2.partial" "$2"
`;

export const keepFile = (root: string, kind: string, key: string, path: string): RunStep => ({
  do: "run",
  argv: ["sh", "-c", keepScript, "sh", path, keptPath(root, kind, key)],
  timeoutMs: 60_000,
});

const restoreScript = `
set -eu
if [ -d "$2" ] && [ ! -L "$2" ]; then echo "$2 is a folder now" >&2; exit 1; fi
trap 'rm -f -- "$2.slipway-new"' EXIT
# What was cut may have left a link there, through which the copy would be written.
rm -f -- "$2.slipway-new"
cp -p -- "$1" "$2.slipway-new"
mv -f -- "$2.slipway-new" "$2"
`;

export const restoreFile = (root: string, kind: string, key: string, path: string): RunStep => ({
  do: "run",
  argv: ["sh", "-c", restoreScript, "sh", keptPath(root, kind, key), path],
  timeoutMs: 60_000,
});

/** What is written of it first: with that the thing is no longer ours. */
export const forgetKept = (root: string, kind: string, key: string): RunStep => ({
  do: "run",
  argv: ["rm", "-f", "--", beforePath(root, kind, key), keptPath(root, kind, key)],
  timeoutMs: 10_000,
});
