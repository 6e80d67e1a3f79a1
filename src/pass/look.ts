import { applyPlan } from "../apply/apply.ts";
import type { Applied } from "../apply/applied.ts";
import type { Trouble } from "../model/outcome.ts";
import type { Held } from "../model/plan.ts";
import { closuresOf, noClosures } from "../plan/closed.ts";
import type { Former } from "./former.ts";
import { withHands } from "./hands.ts";
import { withoutPutOff, type PutOff } from "./late.ts";
import type { Holds } from "./holds.ts";
import {
  recordAdopted,
  recordFailure,
  recordLockout,
  recordFound,
  recordReleased,
  recordRenames,
} from "./record.ts";
import type { Target } from "../remote/session.ts";
import { machinesToEmpty } from "./removed.ts";
import { unknownLinks } from "./links.ts";
import { meaningsThen } from "./reverts.ts";
import type { Revision } from "./revision.ts";
import { redactor, revealed } from "./secrets.ts";
import { survey, type Survey } from "./survey.ts";
import { readTrail, wasApplied } from "./trail.ts";
import type { Request, World } from "./world.ts";

/** What a look found, without what is not to be tried before its time. */
export type Look = Survey & { readonly putOff: readonly PutOff[] };

/** One look after another within a pass asks images, trailers and former revisions only once. */
export async function lookWith(
  world: World,
  request: Request,
  revision: Revision,
  former: Former,
  started: number,
): Promise<() => Promise<Look>> {
  const { documents } = revision;
  if (documents === undefined) throw new Error("a rejected revision is not looked at");
  const asked = new Map<string, Promise<string | Trouble>>();
  const startedAt = new Date(started).toISOString();
  const closures = request.isTimeless === true ? noClosures : closuresOf(documents, started);
  let trail: ReturnType<typeof readTrail> | undefined;
  let meanings: ReturnType<typeof meaningsThen> | undefined;
  let links: ReturnType<typeof unknownLinks> | undefined;
  let leaving: ReturnType<typeof machinesToEmpty> | undefined;
  let restores: boolean | undefined;
  return async () => {
    world.listener({ type: "stage", stage: "observe", text: "" });
    const ask = async (): Promise<Look> => {
      const found = await survey(world, former, {
        documents,
        trail: (inventories) =>
          (trail ??= readTrail(world, request, documents.revision, inventories, startedAt)),
        meanings: (inventories) =>
          (meanings ??=
            request.cause === "drift"
              ? Promise.resolve(new Map())
              : meaningsThen(world, documents, inventories)),
        links: (inventories) => (links ??= unknownLinks(world, documents, inventories)),
        toEmpty: (found) => (leaving ??= machinesToEmpty(world, documents, found)),
        restores: restores === true,
        looksAgain: request.cause !== "drift",
        asked,
        suspended: request.suspended ?? new Set(),
        closures,
        isTimeless: request.isTimeless === true,
      });
      return withoutPutOff(await withHands(world, documents.fleet, found), world.issuer);
    };
    const found = await ask();
    if (restores !== undefined || !found.plan.held.some(isPastByRevert)) return found;
    restores = await wasApplied(world, documents.fleet, revision.tree, documents.revision);
    return restores ? await ask() : found;
  };
}

/** Applies a plan under the locks; what fails is marked before anything returns. */
export async function applyLook(
  world: World,
  request: Request,
  look: Survey,
  holds: Holds,
  former: Former,
): Promise<Applied> {
  world.listener({ type: "stage", stage: "apply", text: "" });
  await recordRenames(holds.taken, look);
  await recordAdopted(holds.taken, look);
  await recordFound(holds.taken, look);
  return await applyPlan(look.plan, {
    holds: holds.taken,
    clock: world.clock,
    listener: world.listener,
    preempt: request.preempt,
    content: (blob) => former.content(blob),
    reveal: (text) => revealed(text, former.secrets),
    ...(world.issuer === undefined ? {} : { issuer: world.issuer }),
    ...(world.trialMs === undefined ? {} : { trialMs: world.trialMs }),
    redact: redactor(world),
    onAppFailure: async (name, failure, alone) => {
      const family = look.families.find((f) => f.family === name);
      const at = new Date(world.clock.now()).toISOString();
      // What is kept up was not tried now.
      if (family === undefined || family.isKept || family.heldBy !== undefined) return;
      if (family.decision.state !== "go") return;
      await recordFailure(holds.taken, family, look.plan.revision, failure, at, alone);
    },
    onLockout: (lockout) => recordLockout(holds.taken, lockout, look.plan.revision),
    onReboot: async (machine) => {
      const gone = await loseThrough(look, holds, machine);
      // Who makes room for a newer revision does not wait for it to come back.
      if (!request.preempt.aborted) await reconnect(world, gone);
    },
    onRelease: (change) => recordReleased(holds.taken, change, look),
  });
}

/** Connections through it went with it, too. */
async function loseThrough(
  { targets }: Survey,
  holds: Holds,
  machine: string,
): Promise<readonly Target[]> {
  const isThrough = ({ machine: name, jump }: Target): boolean =>
    name === machine || (jump !== undefined && isThrough(jump));
  const gone = [...targets.values()].filter(isThrough);
  await holds.lose(gone.map((target) => target.machine));
  return gone;
}

/** What failed meanwhile is no reason to wait; one that is not there yet is what the next look tells. */
async function reconnect({ remote }: World, gone: readonly Target[]): Promise<void> {
  for (const target of gone) await remote.session(target, { fresh: true }).catch(() => undefined);
}

/** What needs nothing where it brings back what was applied before. */
const isPastByRevert = ({ code }: Held): boolean => code === "guard" || code === "login";
