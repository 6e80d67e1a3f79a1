import type { Adopted } from "../../../model/inventory.ts";
import type { EngineQuery } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import { containersBy } from "../../shared/engine.ts";
import { label } from "../../shared/labels.ts";

const kindId = "app/container";

export interface Wish {
  readonly app: string;
  readonly family: string;
  readonly instance: number;
  readonly name: string;
}

/** As `About.named` tells them: `shop/1 shop shop-web-1`. */
export const wishesOf = (about: About): readonly Wish[] =>
  (about.named?.get(kindId) ?? []).map((text) => {
    const [key = "", family = "", name = ""] = text.split(" ");
    const [app = "", instance] = key.split("/");
    return { app, family, instance: Number(instance), name };
  });

export const byName = (names: readonly string[]): EngineQuery =>
  containersBy("name", names.map((name) => `^/${name.replaceAll(".", "\\.")}$`).toSorted());

export const byId = (ids: readonly string[]): EngineQuery => containersBy("id", ids.toSorted());

export const withImages = (query: EngineQuery): EngineQuery => ({
  ...query,
  each: "/images/{ImageID}/json",
});

export const namesOf = (about: About): readonly string[] => wishesOf(about).map(({ name }) => name);

/** Whether it was seen to be as declared, and the record says what that was. */
export const isTold = ({ labels }: Adopted): boolean => labels[label.spec] !== undefined;

export const untoldIds = (adopted: NonNullable<About["adopted"]>): readonly string[] =>
  Object.entries(adopted).flatMap(([id, record]) => (isTold(record) ? [] : id));

/** Asked once the machine's record was read. Of every name, since one that is known may be another container's by now. */
export function adoptedQueries(about: About): readonly EngineQuery[] {
  if (about.adopted === undefined) return [];
  const [names, ids] = [namesOf(about), Object.keys(about.adopted)];
  const untold = untoldIds(about.adopted);
  return [
    ...(names.length === 0 ? [] : [byName(names), withImages(byName(names))]),
    ...(ids.length === 0 ? [] : [byId(ids)]),
    ...(untold.length === 0 ? [] : [withImages(byId(untold))]),
  ];
}
