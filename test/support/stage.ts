import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bootFleet, type Fleet, type FleetOptions } from "../fleet/fleet.ts";
import { must, run } from "../fleet/run.ts";
import { cliEnv } from "./cli-env.ts";
import { slipwayHere } from "./cli-here.ts";
import { until } from "../fleet/wait.ts";

/** The command as users run it. */
const slipwayPath = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A fleet, an infra repo on its git server, and Slipway's command line against both. */
export interface Stage {
  readonly fleet: Fleet;
  readonly repoUrl: string;
  /** A clone whose upstream is the git server. */
  readonly clone: string;
  /** What the command line is given there. */
  readonly env: NodeJS.ProcessEnv;
  git(...argv: string[]): Promise<string>;
  /** Writes (or with undefined removes) files, commits and pushes them (as a refspec says, else to the branch); gives the commit. */
  commit(
    message: string,
    files: Readonly<Record<string, string | undefined>>,
    refspec?: string,
  ): Promise<string>;
  /** `git revert` of a commit, pushed. */
  revert(commit: string): Promise<string>;
  slipway(
    argv: readonly string[],
    options?: {
      readonly env?: NodeJS.ProcessEnv;
      readonly input?: string;
      readonly timeoutMs?: number;
    },
  ): Promise<Ran>;
  /** The same in this process, which costs a fraction: for what others prove of the command as users run it. */
  here(
    argv: readonly string[],
    options?: { readonly env?: NodeJS.ProcessEnv; readonly input?: string },
  ): Promise<Ran>;
  /** `slipway run` in the background. */
  daemon(options?: DaemonOptions): Promise<Daemon>;
  /** The ledger's record of a commit, as others see it in the remote's notes. */
  note(commit: string): Promise<Record<string, unknown> | undefined>;
  /** Waits for a record of a commit that is final in the wanted way. */
  outcome(
    commit: string,
    wanted: string | RegExp,
    deadlineMs?: number,
  ): Promise<Record<string, unknown>>;
  machineFile(name: string, more?: string): string;
  close(): Promise<void>;
}

export interface DaemonOptions {
  readonly argv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
}

export interface Daemon {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export async function openStage(
  options: FleetOptions & { readonly name?: string },
): Promise<Stage> {
  const fleet = await bootFleet(options);
  const dir = await mkdtemp(join(tmpdir(), "slipway-stage-"));
  const daemons = new Set<Daemon>();
  const { git: server } = fleet;
  if (server === undefined) throw new Error("a stage needs the fleet's git server");
  const name = options.name ?? "infra";
  const address = new URL(await server.createRepo(name));
  address.username = server.user;
  const repoUrl = address.href;
  const clone = join(dir, "clone");
  await must(["git", "clone", "-q", server.loginUrl(name), clone]);
  const env: NodeJS.ProcessEnv = {
    ...cliEnv(dir, repoUrl),
    SLIPWAY_REPO_TOKEN: server.token,
    SLIPWAY_SSH_KEY: fleet.sshKeyFile,
  };
  const git = async (...argv: string[]): Promise<string> =>
    await must([
      "git",
      "-C",
      clone,
      "-c",
      "user.name=Ada",
      "-c",
      "user.email=ada@example.com",
      ...argv,
    ]);
  const note: Stage["note"] = async (commit) => {
    await run([
      "git",
      "-C",
      clone,
      "fetch",
      "-q",
      "origin",
      "+refs/notes/slipway:refs/notes/slipway",
    ]);
    const shown = await run(["git", "-C", clone, "notes", "--ref=slipway", "show", commit]);
    return shown.code === 0 ? (JSON.parse(shown.stdout) as Record<string, unknown>) : undefined;
  };
  /** Past the server: who waits for a note asks often, and a fetch each time would be most of the machine's work. */
  const outcomeOf = async (commit: string): Promise<string> => {
    const gitDir = `--git-dir=${server.repoDir(name)}`;
    const shown = await run(["git", gitDir, "notes", "--ref=slipway", "show", commit]);
    if (shown.code !== 0) return "";
    return String((JSON.parse(shown.stdout) as Record<string, unknown>)["outcome"]);
  };
  const push = async (refspec = "HEAD:main"): Promise<string> => {
    await git("push", "-q", "origin", refspec);
    return (await git("rev-parse", "HEAD")).trim();
  };
  return {
    fleet,
    repoUrl,
    clone,
    env,
    git,
    note,
    commit: async (message, files, refspec) => {
      for (const [path, text] of Object.entries(files)) {
        const file = join(clone, path);
        if (text === undefined) await rm(file, { recursive: true });
        else {
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, text);
        }
      }
      await git("add", "-A");
      await git("commit", "-q", "--allow-empty", "-m", message);
      return await push(refspec);
    },
    revert: async (commit) => {
      await git("revert", "--no-edit", commit);
      return await push();
    },
    slipway: async (argv, more = {}) =>
      await run([slipwayPath, ...argv], {
        env: { ...env, ...more.env },
        input: more.input ?? "",
        timeoutMs: more.timeoutMs ?? 300_000,
      }),
    here: async (argv, more = {}) =>
      await slipwayHere(argv, { env: { ...env, ...more.env }, input: more.input ?? "" }),
    daemon: async (more = {}) => {
      const daemon = startDaemon({ ...env, ...more.env }, more);
      daemons.add(daemon);
      return await Promise.resolve(daemon);
    },
    outcome: async (commit, wanted, deadlineMs = 120_000) =>
      await until(
        `an outcome of ${commit.slice(0, 8)} that is ${String(wanted)}`,
        async () => {
          const is = await outcomeOf(commit);
          const isThere = typeof wanted === "string" ? is === wanted : wanted.test(is);
          return isThere ? await note(commit) : undefined;
        },
        deadlineMs,
      ),
    machineFile: (machine, more = "") => {
      const { address, privateAddress, hostKey } = fleet.machine(machine);
      return `address: ${address}\nprivateAddress: ${privateAddress}\nhostKey: ${hostKey}\n${more}`;
    },
    close: async () => {
      await Promise.all([...daemons].map((d) => d.stop("SIGKILL")));
      await fleet.down();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function startDaemon(env: NodeJS.ProcessEnv, options: DaemonOptions): Daemon {
  const lines: string[] = [];
  const child = spawn(slipwayPath, ["run", "--interval", "1s", ...(options.argv ?? [])], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let rest = "";
  const take = (chunk: Buffer): void => {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      lines.push(line);
      options.onLine?.(line);
    }
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return {
    process: child,
    lines,
    stop: async (signal = "SIGTERM") => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return await ended;
    },
  };
}
