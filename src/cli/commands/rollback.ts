import { counted, printableLine, shortRevision } from "../../lib/text.ts";
import { subjectOf, type CommitInfo } from "../../model/snapshot.ts";
import type { World } from "../../pass/world.ts";
import { jsonText } from "../../report/json.ts";
import { systemGit } from "../../source/local/system-git.ts";
import { SourceError, type Identity } from "../../source/source.ts";
import type { Context, Run } from "../command.ts";
import { exit } from "../exit.ts";
import { isOn, textFlag } from "../given.ts";
import { readLedger, withMachines, type LedgerEntry } from "../ledger.ts";
import { newestReadable } from "../look.ts";
import type { RepoPlace } from "../repo.ts";
import { treeChanges, type TreeChanges } from "../tree-changes.ts";
import { UserError } from "../trouble.ts";
import { openWorld } from "../world.ts";

const mostCommits = 200;
const shownLines = 20;

export const run: Run = async (context, given) => {
  const { io, options } = context;
  const newBranch = textFlag(given, "branchOnly");
  if (newBranch === options.branch)
    throw new UserError(
      "usage",
      `--branch-only ${newBranch} names the branch that is deployed`,
      "Name a new one, to open a pull request from; or leave --branch-only out.",
    );
  const { world, place, close } = await openWorld(context, {
    unpushed: "refuse",
    secrets: "closed",
  });
  try {
    const { source } = world;
    const head = await source.head();
    const [text] = given.args;
    const to = text === undefined ? await lastGood(world, head) : await source.resolve(text);
    const way = await wayBack(world, head, to);
    const { added, changed, removed } = way.files;
    if (added.length + changed.length + removed.length === 0) {
      throw new UserError(
        "refused",
        `the files at ${shortRevision(to)} are those of the head ${shortRevision(head)} already`,
      );
    }
    io.err.write(wayText(way));
    const branch = newBranch ?? options.branch;
    if (!isOn(given, "yes") && !(await isWanted(context, branch)))
      throw new UserError("refused", "nothing was committed");
    const author = await identityOf(place);
    const revision = await source.rollback({
      to,
      branch,
      message: `${messageFor(way)}${isOn(given, "thaw") ? thawing : ""}`,
      expectedHead: head,
      ...(author === undefined ? {} : { author }),
    });
    io.out.write(
      options.json
        ? jsonText({
            version: 1,
            revision,
            to,
            branch,
            reverted: way.commits.map((c) => c.revision),
          })
        : `${shortRevision(revision)} on ${branch} has the files of ${shortRevision(to)}${nextText(newBranch)}\n`,
    );
    return exit.done;
  } finally {
    await close();
  }
};

/** The newest commit before the head that was applied and has other files; what no note tells, the machines remember. */
async function lastGood(world: World, head: string): Promise<string> {
  const { head: read, revision } = await newestReadable(world);
  const fleet = revision?.fleet ?? read.fleet;
  const isGood = ({ commit, outcome }: LedgerEntry): boolean =>
    commit.revision !== head && outcome?.outcome === "applied" && outcome.tree !== read.tree;
  const noted = await readLedger(world, fleet, mostCommits);
  const documents = revision?.documents;
  const good =
    noted.find(isGood) ??
    (documents === undefined
      ? undefined
      : (await withMachines(world, documents, noted)).entries.find(isGood));
  if (good !== undefined) return good.commit.revision;
  throw new UserError(
    "not-found",
    "no revision before the head is known to have been applied",
    "Name one: slipway rollback REV; 'git log' has them.",
  );
}

interface WayBack {
  readonly to: CommitInfo;
  readonly head: CommitInfo;
  /** What is undone, newest first. */
  readonly commits: readonly CommitInfo[];
  readonly files: TreeChanges;
}

async function wayBack({ source }: World, head: string, to: string): Promise<WayBack> {
  if (!(await source.descends(to, head)))
    throw new UserError(
      "refused",
      `${shortRevision(to)} is no ancestor of the head ${shortRevision(head)}`,
    );
  return {
    to: await source.commit(to),
    head: await source.commit(head),
    commits: await source.between(to, head, mostCommits),
    files: treeChanges(await source.snapshot(head), await source.snapshot(to)),
  };
}

function wayText({ to, commits, files }: WayBack): string {
  const marks = [
    ...files.added.map((path) => `  + ${path}`),
    ...files.changed.map((path) => `  ~ ${path}`),
    ...files.removed.map((path) => `  - ${path}`),
  ];
  const lines = [
    `Back to ${said(to)}`,
    `Undoes ${counted(commits.length, "commit")}:`,
    ...shortened(commits.map((commit) => `  ${said(commit)}`)),
    `Changes ${counted(marks.length, "file")}:`,
    ...shortened(marks.map(printableLine)),
  ];
  return `${lines.join("\n")}\n`;
}

const said = (commit: CommitInfo): string =>
  printableLine(`${shortRevision(commit.revision)} ${subjectOf(commit)} (${commit.author})`);

const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= shownLines
    ? lines
    : [...lines.slice(0, shownLines), `  … and ${lines.length - shownLines} more`];

async function isWanted({ io }: Context, branch: string): Promise<boolean> {
  if (!io.input.isTerminal || !io.err.isTerminal)
    throw new UserError(
      "refused",
      "there is nobody here to ask",
      "Pass --yes to commit and push it.",
    );
  const answer = await io.ask(`Commit this and push it to ${branch}? [y/N] `);
  return /^y(es)?$/i.test(answer?.trim() ?? "");
}

function messageFor({ to, commits }: WayBack): string {
  const [only] = commits;
  const subject =
    commits.length === 1 && only !== undefined
      ? `Revert "${subjectOf(only)}"`
      : `Roll back to ${shortRevision(to.revision)} "${subjectOf(to)}"`;
  const list = commits.map((commit) => `${commit.revision} ${subjectOf(commit)}`);
  return `${subject}\n\nThis brings back the files of ${to.revision}, which undoes:\n\n${list.join("\n")}\n`;
}

const thawing = "\nSlipway-Allow: thaw fleet\n";

const nextText = (newBranch: string | undefined): string =>
  newBranch === undefined ? ": the next pass applies it" : ": open a pull request from it";

/** Whom git would name as the author here; undefined where nobody told it. */
async function identityOf(place: RepoPlace): Promise<Identity | undefined> {
  try {
    const argv = ["-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT"];
    const { code, stdout } = await systemGit(place.isLocal ? place.repo : ".", argv);
    const [, name, email] = /^(.+) <([^>]+)> \d+/.exec(stdout) ?? [];
    return code !== 0 || name === undefined || email === undefined ? undefined : { name, email };
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}
