import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Fleet } from "../fleet/fleet.ts";
import { must } from "../fleet/run.ts";

export type Files = Readonly<Record<string, string | undefined>>;

/** An infra repo in a folder of its own, read in place. */
export interface Infra {
  readonly repo: string;
  git(...argv: string[]): Promise<string>;
  /** Writes (or with undefined removes) files and commits; gives the commit. */
  commit(message: string, files: Files): Promise<string>;
  /** `git revert` of a commit; gives the new one. */
  revert(commit: string): Promise<string>;
  close(): Promise<void>;
}

export async function makeInfra(): Promise<Infra> {
  const repo = await mkdtemp(join(tmpdir(), "slipway-infra-"));
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  const git = async (...argv: string[]): Promise<string> =>
    (await must(["git", "-C", repo, ...identity, ...argv])).trim();
  await git("init", "-q", "-b", "main");
  return {
    repo,
    git,
    commit: async (message, files) => {
      for (const [path, text] of Object.entries(files)) {
        const file = join(repo, path);
        if (text === undefined) await rm(file, { recursive: true });
        else {
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, text);
        }
      }
      await git("add", "-A");
      await git("commit", "-q", "--allow-empty", "-m", message);
      return await git("rev-parse", "HEAD");
    },
    revert: async (commit) => {
      await git("revert", "--no-edit", commit);
      return await git("rev-parse", "HEAD");
    },
    close: () => rm(repo, { recursive: true, force: true }),
  };
}

/** A machine's file in an infra repo. */
export function machineFile(fleet: Fleet, name: string, more = ""): string {
  const { address, privateAddress, hostKey } = fleet.machine(name);
  return `address: ${address}\nprivateAddress: ${privateAddress}\nhostKey: ${hostKey}\n${more}`;
}

/** slipway.yaml of a fleet whose deploys are not watched, unless an app says so: most tests are of something else. */
export const settingsFile = (fleet: string): string =>
  `fleet: ${fleet}\ndefaults: { app: { deploy: { watch: 0s } } }\n`;

/** slipway.yaml and the files of these machines. */
export const machineFiles = (
  fleet: Fleet,
  name: string,
  machines: readonly string[],
): Readonly<Record<string, string>> => ({
  "slipway.yaml": settingsFile(name),
  ...Object.fromEntries(machines.map((m) => [`machines/${m}.yaml`, machineFile(fleet, m)])),
});
