import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SourceError, type SourceTrouble } from "../../src/source/source.ts";
import { openSource, type SourceOptions } from "../../src/source/open.ts";
import type { Source } from "../../src/source/source.ts";
import { startGit } from "../fleet/git-server.ts";
import { cleanEnv, must } from "../fleet/run.ts";
import type { GitServer } from "../fleet/types.ts";

/** Real git, in a folder of its own, with commits one second apart. */
export class Repo {
  readonly dir: string;
  #seconds = 1_700_000_000;

  constructor(dir: string) {
    this.dir = dir;
  }

  static async init(dir: string, ...flags: string[]): Promise<Repo> {
    await mkdir(dir, { recursive: true });
    const repo = new Repo(dir);
    await repo.git("init", "-q", "-b", "main", ...flags);
    return repo;
  }

  async git(...argv: string[]): Promise<string> {
    const date = `${this.#seconds} +0000`;
    const env = {
      ...cleanEnv,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "Ada",
      GIT_AUTHOR_EMAIL: "ada@example.com",
      GIT_COMMITTER_NAME: "Ada",
      GIT_COMMITTER_EMAIL: "ada@example.com",
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    };
    return (await must(["git", "-C", this.dir, ...argv], { env })).trimEnd();
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.dir, path)), { recursive: true });
      await writeFile(join(this.dir, path), content);
    }
  }

  async link(path: string, target: string): Promise<void> {
    await symlink(target, join(this.dir, path));
  }

  /** Commits these files and gives the commit's id. */
  async commit(
    message: string,
    files: Readonly<Record<string, string>> = { "a.txt": message },
  ): Promise<string> {
    await this.write(files);
    this.#seconds += 1;
    await this.git("add", "-A");
    await this.git("commit", "-q", "--allow-empty", "-m", message);
    return await this.head();
  }

  head(revision = "HEAD"): Promise<string> {
    return this.git("rev-parse", revision);
  }

  /** Sets the clock of the commits to come. */
  shift(seconds: number): void {
    this.#seconds += seconds;
  }

  /** A line of history that no one checks out, made fast: `count` commits of one file. */
  async history(count: number): Promise<void> {
    const lines: string[] = [];
    const from = await this.git("rev-parse", "-q", "--verify", "main").catch(() => "");
    for (let i = 0; i < count; i += 1) {
      this.#seconds += 1;
      const text = `version ${i} of ${this.#seconds}\n`;
      const message = `step ${i}\n`;
      lines.push(
        "commit refs/heads/main",
        `committer Ada <ada@example.com> ${this.#seconds} +0000`,
        `data ${message.length}\n${message}`,
        ...(i === 0 && from !== "" ? [`from ${from}`] : []),
        `M 100644 inline history.txt\ndata ${text.length}\n${text}`,
      );
    }
    await must(["git", "-C", this.dir, "fast-import", "--quiet", "--force"], {
      input: `${lines.join("\n")}\n`,
    });
    await this.git("reset", "-q", "--hard", "main");
  }
}

/** A folder that is removed, and what is open closed, at the end of a test. */
export class Workshop implements AsyncDisposable {
  readonly dir: string;
  readonly #closing: (() => Promise<void>)[] = [];

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<Workshop> {
    return new Workshop(await mkdtemp(join(tmpdir(), "slipway-source-")));
  }

  repo(name = "work", ...flags: string[]): Promise<Repo> {
    return Repo.init(join(this.dir, name), ...flags);
  }

  async source(options: Partial<SourceOptions> & { readonly repo: string }): Promise<Source> {
    const source = await openSource({
      branch: "main",
      stateDir: join(this.dir, "state"),
      ...options,
    });
    this.#closing.unshift(() => source.close());
    return source;
  }

  /** A git server with one repository, and a clone that pushes to it. */
  async server(): Promise<Served> {
    const { git, stop } = await startGit(this.dir, "127.0.0.1");
    this.#closing.push(stop);
    const url = await git.createRepo("infra");
    const work = await this.repo();
    await work.git("remote", "add", "origin", git.loginUrl("infra"));
    const open: Served["open"] = (options = {}) =>
      this.source({ repo: url, user: git.user, token: git.token, ...options });
    return { git, url, work, bare: new Repo(git.repoDir("infra")), open };
  }

  onClose(close: () => Promise<void>): void {
    this.#closing.unshift(close);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closing) await close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

export interface Served {
  readonly git: GitServer;
  readonly url: string;
  readonly work: Repo;
  readonly bare: Repo;
  open(options?: Partial<SourceOptions>): Promise<Source>;
}

/** For `assert.rejects`: trouble of this class, saying this. */
export const trouble =
  (wanted: SourceTrouble, text: RegExp = /./) =>
  (error: unknown): boolean => {
    if (!(error instanceof SourceError)) throw error;
    if (error.trouble !== wanted || !text.test(error.message)) {
      throw new Error(`expected ${wanted} (${text}), got ${error.trouble}: ${error.message}`);
    }
    return true;
  };

export const textOf = async (
  snapshot: Awaited<ReturnType<Source["snapshot"]>>,
  path: string,
): Promise<string> => {
  const entry = snapshot.entries.find((each) => each.path === path);
  if (entry === undefined) throw new Error(`no ${path}`);
  return Buffer.from(await snapshot.read(entry.blob, 1e6)).toString();
};
