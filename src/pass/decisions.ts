import { familyInput, keyedInput, machinesOf, membersOf } from "../desired/effective.ts";
import { shortRevision } from "../lib/text.ts";
import type { SecretDigests } from "../desired/secrets.ts";
import type { Address } from "../model/address.ts";
import type { Documents } from "../model/documents.ts";
import type { ImageReferences } from "../model/image.ts";
import type { Inventory, Mark } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import type { Trouble } from "../model/outcome.ts";
import type { Held } from "../model/plan.ts";
import { decide, type Apart, type Decision } from "../plan/marks.ts";
import type { Trail } from "./trail.ts";

/** Digest of a family's input at HEAD under a machine's key; undefined for a machine without one. */
export type InputDigests = (machine: string, family: string) => string | undefined;

/** Puts the input of a family together. */
type InputOf = typeof familyInput;

/** A family's input is the same on every machine: put together once, keyed for each. */
export function inputDigests(
  documents: Documents,
  observations: ReadonlyMap<string, Observation>,
  images: ImageReferences,
  secrets: SecretDigests,
  inputOf: InputOf = familyInput,
): InputDigests {
  const inputs = new Map<string, string>();
  return (machine, family) => {
    const key = observations.get(machine)?.facts?.key;
    if (key === undefined) return undefined;
    const input = inputs.get(family) ?? inputOf(documents, family, images, secrets);
    inputs.set(family, input);
    return keyedInput(key, input);
  };
}

/** Whether each family of HEAD is tried, from the marks on the machines. */
export function decideAll(
  documents: Documents,
  inventories: ReadonlyMap<string, Inventory>,
  digests: InputDigests,
  trail: Trail,
): ReadonlyMap<string, Decision> {
  const families = [...new Set([...documents.apps.values()].map((a) => a.family))];
  return new Map(
    families.map((family) => {
      const members = membersOf(documents, family);
      const input = {
        family,
        machines: machinesOf(members),
        inputDigest: (machine: string) => digests(machine, family),
        onFailure: members[0]?.fields.deploy?.onFailure ?? ("revert" as const),
      };
      const facts = {
        isRetried: (mark: Mark) => trail.isRetried(family, mark),
        isFormer: trail.isFormer,
      };
      return [family, decide(input, inventories, facts)];
    }),
  );
}

/** Families that failed, and of which another try was asked for. */
export const retriedFamilies = (
  decisions: ReadonlyMap<string, Decision>,
  trail: Pick<Trail, "isRetried">,
): readonly string[] =>
  [...decisions].flatMap(([family, decision]) =>
    decision.state !== "go" && trail.isRetried(family, decision.failed) ? family : [],
  );

/** Families that return, each with the revision it returns to. */
export const returnRevisions = (
  decisions: ReadonlyMap<string, Decision>,
): ReadonlyMap<string, string> =>
  new Map(
    [...decisions].flatMap(([family, decision]) =>
      decision.state === "return" ? [[family, decision.good.revision] as const] : [],
    ),
  );

/** A return to a revision that cannot be had any more leaves the containers as they are. */
export const withoutLost = (
  decisions: ReadonlyMap<string, Decision>,
  returned: ReadonlyMap<string, Documents>,
): ReadonlyMap<string, Decision> =>
  new Map(
    [...decisions].map(([family, decision]) => {
      if (decision.state !== "return" || returned.has(family)) return [family, decision];
      const why = `its good revision ${shortRevision(decision.good.revision)} cannot be read any more`;
      return [family, { ...decision, state: "freeze", why }];
    }),
  );

/** Families whose containers stay as they are: nothing to return to, told to halt, or an image nobody can name. */
export function frozenFamilies(
  decisions: ReadonlyMap<string, Decision>,
  unresolved: ReadonlyMap<string, Trouble>,
): Set<string> {
  const frozen = [...decisions].filter(([, { state }]) => state === "freeze");
  return new Set([...unresolved.keys(), ...frozen.map(([family]) => family)]);
}

/** Families that never worked: what was tried of them is put away, the rest stays as it is. */
export const givenUpFamilies = (decisions: ReadonlyMap<string, Decision>): ReadonlySet<string> =>
  new Set(
    [...decisions].flatMap(([family, { state, good }]) =>
      state === "freeze" && good === undefined ? [family] : [],
    ),
  );

/** Families that go on without some of their machines. */
export const apartFamilies = (
  decisions: ReadonlyMap<string, Decision>,
): ReadonlyMap<string, Apart> =>
  new Map(
    [...decisions].flatMap(([family, decision]) =>
      decision.state === "go" && decision.apart !== undefined ? [[family, decision.apart]] : [],
    ),
  );

export const heldFamilies = (decisions: ReadonlyMap<string, Decision>): readonly Held[] =>
  [...decisions].flatMap(([family, decision]) => {
    if (decision.state !== "go") return heldAt(`app/${family}`, family, decision.failed);
    return [...(decision.apart ?? [])].map(([machine, { failed }]) => ({
      ...heldAt(`machine/${machine}/app/${family}`, family, failed),
      machine,
    }));
  });

const heldAt = (address: Address, family: string, { revision, reason }: Mark): Held => ({
  address,
  code: "failed-mark",
  text: `failed at ${revision.slice(0, 8)}: ${reason}`,
  needs: `a change of its input, or Slipway-Retry: app/${family}`,
  app: family,
});

/** By machine: families whose present input, or what they are kept up at, was proven there before. What differs now is drift. */
export const settledFamilies = (
  decisions: ReadonlyMap<string, Decision>,
  inventories: ReadonlyMap<string, Inventory>,
  digests: InputDigests,
  kept: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(
    [...inventories].map(([machine, inventory]) => {
      const settled = [...decisions.keys()].filter((family) => {
        const good = inventory.apps[family]?.good;
        if (kept.has(family)) return good?.revision === decisions.get(family)?.good?.revision;
        return good !== undefined && good.inputDigest === digests(machine, family);
      });
      return [machine, new Set(settled)];
    }),
  );
