import { didYouMean } from "../../lib/suggest.ts";
import { listed, printableLine, shortRevision } from "../../lib/text.ts";
import { covers, type Address } from "../../model/address.ts";
import { changesOf, type Plan } from "../../model/plan.ts";
import { subjectOf, type CommitInfo } from "../../model/snapshot.ts";
import type { Survey } from "../../pass/survey.ts";
import type { World } from "../../pass/world.ts";
import { jsonText, planDocument } from "../../report/json.ts";
import { planPart } from "../../report/plan-part.ts";
import { whyText } from "../../report/why-text.ts";
import { SourceError } from "../../source/source.ts";
import { lastChange } from "../blame.ts";
import type { Context, Run } from "../command.ts";
import { exit } from "../exit.ts";
import { showRejected } from "../findings.ts";
import { lookAt, planOf } from "../look.ts";
import { declaredAt, type Declared } from "../../pass/declared.ts";
import { madeAt } from "../../pass/made.ts";
import { whileSaying } from "../progress.ts";
import { UserError } from "../trouble.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context, given) => {
  const address = (given.args[0] ?? "").replace(/\/+$/, "");
  const { world, close } = await openWorld(context, { unpushed: "ignore" });
  try {
    const { revision, look } = await whileSaying(context, "asking the machines", () =>
      lookAt(world),
    );
    if (look === undefined) return showRejected(context, revision.findings);
    const here = look.resources.filter((r) => covers(address, r.address));
    const plan = planPart(
      planOf(look),
      address,
      here.flatMap((r) => r.family ?? []),
    );
    checkAddress(look, plan, address);
    const declared =
      revision.documents && declaredAt(look, revision.documents, changesOf(plan), address);
    show(context, {
      address,
      plan,
      made: changesOf(plan).length === 0 ? await madeBy(world, look, address) : undefined,
      commit: declared === undefined ? undefined : await lastChange(world, declared),
      declared,
      now: world.clock.now(),
    });
    return exit.done;
  } finally {
    await close();
  }
};

interface Why {
  readonly address: Address;
  /** What of the plan lies at or below the address. */
  readonly plan: Plan;
  /** What made that which is there, where no change is planned. */
  readonly made: CommitInfo | undefined;
  /** The last commit that changed what is declared. */
  readonly commit: CommitInfo | undefined;
  readonly declared: Declared | undefined;
  readonly now: number;
}

function show({ io, options }: Context, { address, plan, made, commit, declared, now }: Why): void {
  const where = declared?.where;
  if (options.json) {
    const { changes, held, unknown, awaiting } = planDocument(plan);
    const said = {
      version: 1,
      address,
      revision: plan.revision,
      changes,
      held,
      unknown,
      awaiting,
      made: made === undefined ? null : commitDocument(made),
      commit: commit === undefined ? null : commitDocument(commit),
      file: where?.file ?? null,
      line: declared?.by === "line" ? declared.where.line : null,
    };
    return io.out.write(jsonText(said));
  }
  io.out.write(
    whyText(plan, address, {
      now,
      colour: options.color.out,
      ...(commit === undefined ? {} : { commit }),
    }),
  );
  if (changesOf(plan).length > 0) return;
  if (made !== undefined) io.out.write(`  made by   ${commitLine(made)}\n`);
  if (where !== undefined)
    io.out.write(
      `  declared  ${where.file}${declared?.by === "line" ? `:${where.line}` : ""}${commit === undefined ? "" : `, last changed by ${commitLine(commit)}`}\n`,
    );
}

const commitLine = (commit: CommitInfo): string =>
  printableLine(`${shortRevision(commit.revision)} ${subjectOf(commit)} (${commit.author})`);

const commitDocument = (commit: CommitInfo): object => ({
  revision: commit.revision,
  subject: subjectOf(commit),
  author: commit.author,
  committedAt: new Date(commit.committedMs).toISOString(),
});

const isQuiet = (plan: Plan): boolean =>
  changesOf(plan).length + plan.held.length + plan.unknown.length + plan.awaiting.length === 0;

/** The newest revision that made something of what is there, from its label or the machines' marks. */
async function madeBy(
  world: World,
  look: Survey,
  address: Address,
): Promise<CommitInfo | undefined> {
  const commits: CommitInfo[] = [];
  for (const revision of madeAt(look, address)) {
    try {
      commits.push(await world.source.commit(revision));
    } catch (error) {
      if (!(error instanceof SourceError) || error.trouble !== "missing") throw error;
    }
  }
  return commits.toSorted((a, b) => b.committedMs - a.committedMs)[0];
}

/** Throws UserError for an address that stands for nothing. */
function checkAddress(look: Survey, plan: Plan, address: Address): void {
  const known = [
    ...look.targets.keys().map((machine) => `machine/${machine}`),
    ...look.families.map(({ family }) => `app/${family}`),
    ...look.resources.map((resource) => resource.address),
  ];
  const isGroup = /^(?:app|machine|machine\/[^/]+\/app)?$/.test(address);
  if (isGroup)
    throw new UserError(
      "not-found",
      `'${address}' is the beginning of an address`,
      `There are: ${listed(known.filter((one) => covers(address, one)))}`,
    );
  if (!isQuiet(plan) || known.some((one) => covers(address, one))) return;
  throw new UserError(
    "not-found",
    `nothing is at '${address}'${didYouMean(address, known)}`,
    "Addresses are like app/shop, machine/web-1, machine/web-1/app/shop/container/1; 'slipway plan --json' has them.",
  );
}
