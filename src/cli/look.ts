import { formerRevisions } from "../pass/former.ts";
import { lookWith } from "../pass/look.ts";
import { withVersions } from "../pass/shipped.ts";
import { loadRevision, readRevision, type Revision } from "../pass/revision.ts";
import type { Survey } from "../pass/survey.ts";
import type { Request, World } from "../pass/world.ts";
import type { Plan } from "../model/plan.ts";

/** A revision and what one look at the fleet found for it; no look at one that is rejected. */
export interface Looked {
  readonly revision: Revision;
  readonly look?: Survey;
}

export interface LookWish {
  /** As people write it; default the branch's head. */
  readonly revision?: string;
  /** Ask registries again where an app says `pull: always`. */
  readonly looksAgain?: boolean;
}

/** Looks at all machines, without locks, and plans. Changes nothing. */
export async function lookAt(world: World, wish: LookWish = {}): Promise<Looked> {
  const revision = await readRevision(
    world,
    wish.revision === undefined ? undefined : await world.source.resolve(wish.revision),
  );
  if (revision.documents === undefined) return { revision };
  return { revision, look: await lookFor(world, revision, wish.looksAgain) };
}

export interface Readable {
  readonly head: Revision;
  /** The head as far as it can be read, else the newest revision that can; none among the last ones: undefined. */
  readonly revision?: Revision;
  /** What to look at it with: where its secrets stay closed nothing can be opened, nor is anything compared with them. */
  readonly world: World;
}

/** For what shows machines whatever stands in the head, also to those who have no key. */
export async function newestReadable(world: World): Promise<Readable> {
  const head = await readRevision(world);
  const found = await readable(world, head);
  if (found !== undefined) return { head, ...found };
  const [, ...earlier] = await world.source.recent(triedCommits);
  for (const commit of earlier) {
    const one = await readable(world, await readRevision(world, commit.revision));
    if (one !== undefined) return { head, ...one };
  }
  return { head, world };
}

async function readable(
  world: World,
  revision: Revision,
): Promise<Required<Pick<Readable, "revision" | "world">> | undefined> {
  if (revision.documents !== undefined) return { revision, world };
  const loaded = await loadRevision(world, revision.snapshot.revision);
  if (loaded.documents === undefined) return undefined;
  return { revision: loaded, world: { ...world, secrets: "closed" } };
}

const triedCommits = 20;

/** Looks for a revision that was read and is not rejected. */
export async function lookFor(
  world: World,
  revision: Revision,
  looksAgain = false,
  more: Pick<Request, "isTimeless"> = {},
): Promise<Survey> {
  const request: Request = {
    retry: [],
    cause: looksAgain ? "commit" : "drift",
    preempt: new AbortController().signal,
    ...more,
  };
  const former = formerRevisions(world, revision);
  const look = await lookWith(world, request, revision, former, world.clock.now());
  return await look();
}

/**
 * The plan as it would be carried out: a revision that must not follow the last one is held as a whole, an app whose
 * image nobody can name is not known, nor is a machine that is in trouble, however little of it was asked for.
 */
export function planOf(look: Survey): Plan {
  const { plan, trail, unresolved, observations } = look;
  const unnamed = [...unresolved].map(([family, { machine, text }]) => ({
    address: `app/${family}`,
    machine,
    why: text,
  }));
  const told = new Set(plan.unknown.map((u) => u.machine));
  const troubled = [...observations.values()].flatMap(({ machine, troubles: [trouble] }) =>
    trouble === undefined || told.has(machine)
      ? []
      : [{ address: `machine/${machine}`, machine, why: trouble.text }],
  );
  const refused =
    trail.refusal === undefined
      ? []
      : [{ address: "revision", code: "rewind", text: trail.refusal, needs: "--allow-rewind" }];
  return {
    ...withVersions(plan, look),
    held: [...refused, ...plan.held],
    unknown: [...plan.unknown, ...troubled, ...unnamed],
  };
}
