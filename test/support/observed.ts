import { namedOn } from "../../src/desired/settings.ts";
import { kinds } from "../../src/kinds/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { isObject, type Json } from "../../src/lib/json.ts";
import type { Documents } from "../../src/model/documents.ts";
import { observeFleet } from "../../src/observe/fleet.ts";
import { targetsOf } from "../../src/pass/targets.ts";
import type { Fleet as Remote } from "../../src/remote/session.ts";

/**
 * All that kinds find on the machines of these documents, without what is another each time that it is made: digests under a
 * machine's own key, ids, keys, times, and addresses that the kernel draws; and without what is the engine's own.
 */
export async function observedStates(
  remote: Remote,
  documents: Documents,
): Promise<Readonly<Record<string, Json>>> {
  const found = await observeFleet(
    { remote, clock: systemClock },
    targetsOf(documents),
    kinds,
    documents.fleet,
    (machine) => {
      const document = documents.machines.get(machine);
      return document && namedOn(document);
    },
  );
  const all = [...found].flatMap(([machine, { kinds: seen, troubles }]): [string, Json][] => [
    [`${machine} troubles`, troubles.map(({ text }) => text)],
    ...[...seen].flatMap(([kind, live]): [string, Json][] =>
      live.state === "present"
        ? [...live.value].flatMap(([key, state]): [string, Json][] =>
            isObject(state) && state["owned"] === false
              ? []
              : [[`${machine} ${kind} ${key}`, state as Json]],
          )
        : [[`${machine} ${kind}`, live.state]],
    ),
  ]);
  return withoutChance(Object.fromEntries(all)) as Record<string, Json>;
}

function withoutChance(value: Json): Json {
  if (typeof value === "string") return withoutChanceIn(value);
  if (Array.isArray(value)) return value.map(withoutChance);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(
    ([key]) => !key.startsWith("fe80:") && key !== "finishedAt",
  );
  return Object.fromEntries(
    kept.map(([key, one]) => [
      withoutChanceIn(key),
      // Of two images that are as old the engine names one or the other first.
      key === "images" && Array.isArray(one) ? one.map(String).toSorted() : withoutChance(one),
    ]),
  );
}

const withoutChanceIn = (text: string): string =>
  text
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g, "TIME")
    .replaceAll(/\binodes\/(\S+)\.\d+/g, "inodes/$1.INODE")
    // One name in forty ends in eight digits.
    .replaceAll(/(?<=-)[0-9a-f]{8}\b/g, "HEX")
    .replaceAll(/(?<!sha256:)\b(?=\d*[a-f])[0-9a-f]{8,64}\b/g, "HEX")
    .replaceAll(/[A-Za-z0-9+/]{43}=/g, "KEY");
