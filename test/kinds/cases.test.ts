import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { kinds } from "../../src/kinds/index.ts";
import type { AnyKind } from "../../src/kinds/kind.ts";
import type { Json } from "../../src/lib/json.ts";
import { Unreadable } from "../../src/model/live.ts";
import type { Answers, Query } from "../../src/model/query.ts";
import { about, facts } from "../support/converge.ts";
import { linesOf } from "../support/step-lines.ts";
import { plain as plainSpec } from "../support/specs.ts";
import type { JobSpec } from "../../src/kinds/app/job.ts";
import { jobState, plainJob } from "../support/job-states.ts";
import type { ProxySpec } from "../../src/kinds/shared/proxy/spec.ts";
import { plainProxy, proxyAfter } from "../support/proxy-states.ts";
import { instanceState, specFrom, type InstanceCase } from "../support/instances.ts";

/**
 * One case a file: test/kinds/<scope>/<kind>/{read,diff,apply}/<case>.json. In cases of containers `want` holds
 * what is other than in `plain`, and `have` how each container was made; in those of proxies `want` is what is other than
 * in `plainProxy`, and `have` may be `after` what was applied before, `but` what became of it since. With UPDATE_CASES=1 what comes out is
 * written as what is expected, to be reviewed.
 */
interface Case {
  readonly says: string;
  readonly want?: Json;
  readonly have?: Json;
  /** By what is asked; null: absent, a text: content or output, else what the engine answers (of containers: each). */
  readonly answers?: Readonly<Record<string, Json>>;
  readonly states?: Json;
  readonly unreadable?: string;
  readonly difference?: Json;
  readonly checks?: readonly string[];
  /** Instead of a difference: why it cannot be had. */
  readonly clash?: Json;
  /** What is told besides, and what a guard would hold it for. */
  readonly tells?: Json;
  readonly widens?: Json;
  readonly steps?: readonly string[];
}

const update = process.env["UPDATE_CASES"] === "1";

const run: Readonly<Record<string, (kind: AnyKind, given: Case) => Partial<Case>>> = {
  read: (kind, { answers = {} }) => {
    try {
      const states = kind.read(recorded(answers), about);
      return {
        states: plain(Object.fromEntries([...states].map(([k, s]) => [k, kind.redact(s)]))),
      };
    } catch (error) {
      if (error instanceof Unreadable) return { unreadable: error.message };
      throw error;
    }
  },
  diff: (kind, given) => {
    const { want, have } = sides(kind, given);
    const clash = want === undefined ? undefined : kind.clash?.(want, have);
    if (clash !== undefined) return { clash: plain(clash) };
    const tells = want === undefined ? undefined : kind.tells?.(want, have);
    const widens = kind.widens?.(want, have) ?? [];
    return {
      difference: plain(kind.diff(want, have, facts) ?? null),
      ...(tells === undefined ? {} : { tells: plain(tells) }),
      ...(widens.length === 0 ? {} : { widens: plain(widens) }),
    };
  },
  apply: (kind, given) => {
    const { want, have } = sides(kind, given);
    const difference = kind.diff(want, have, facts);
    assert.ok(difference !== undefined, "nothing differs");
    const checks = want === undefined ? [] : (kind.checks?.(want, have, facts) ?? []);
    return {
      ...(checks.length === 0 ? {} : { checks: linesOf(checks) }),
      steps: linesOf(kind.apply({ difference, want, have }, facts)),
    };
  },
};

function sides(kind: AnyKind, { want, have }: Case): { want?: unknown; have?: unknown } {
  if (kind.id === "app/job") return jobSides(want, have);
  if (kind.id === "app/release")
    return { want: want && { ...(want as object), container: releaseSpec }, have };
  if (kind.id === "machine/proxy") return proxySides(want, have);
  if (kind.id !== "app/container") return { want, have };
  const spec = want === undefined ? undefined : specFrom(want);
  return {
    want: spec,
    have: have === undefined ? undefined : instanceState(have as unknown as InstanceCase, spec),
  };
}

/** `want` is what is other than in `plainJob`; `have` what became of it `as` it was applied for what was wanted then. */
function jobSides(want: Json | undefined, have: Json | undefined) {
  const {
    as,
    containers = [],
    ...but
  } = (have ?? {}) as {
    as?: object;
    containers?: readonly object[];
  };
  const specFor = (other: object): JobSpec => ({ ...plainJob, ...other });
  return {
    want: want === undefined ? undefined : specFor(want as object),
    have: have === undefined ? undefined : jobState(specFor(as ?? {}), containers, but),
  };
}

function proxySides(want: Json | undefined, have: Json | undefined) {
  const specFor = (other: Json): ProxySpec => ({ ...plainProxy, ...(other as object) });
  const { after, but } = (have ?? {}) as { after?: Json; but?: object };
  return {
    want: want === undefined ? undefined : specFor(want),
    have: after === undefined ? have : { ...proxyAfter(specFor(after)), ...but },
  };
}

const releaseSpec = { ...plainSpec, command: ["migrate"], restart: "no", probe: "off" };

/** Answers by a short name of the question: `containers`, `/etc/hosts`, `run`. */
function recorded(answers: Readonly<Record<string, Json>>): Answers {
  const nameOf = (query: Query): string =>
    query.ask === "engine"
      ? (/\w+/.exec(query.path)?.[0] ?? "")
      : query.ask === "run"
        ? query.argv.at(-1) === `${about.root}/before`
          ? "before"
          : "run"
        : query.path;
  const of = (query: Query): Json => {
    const found = answers[nameOf(query)];
    if (found === undefined) throw new Unreadable(`no answer to ${nameOf(query)}`);
    return found;
  };
  return {
    text: (query) => {
      const found = of(query);
      return typeof found === "string" ? found : undefined;
    },
    names: (query) => of(query) as readonly string[],
    json: of,
    each: (query) => of(query) as readonly Json[],
  };
}

const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

const entries = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
};

for (const kind of kinds) {
  const folder = join(import.meta.dirname, kind.id);
  for (const [verb, perform] of Object.entries(run)) {
    describe(`${kind.id} ${verb}`, () => {
      const files = entries(join(folder, verb)).filter((name) => name.endsWith(".json"));
      assert.ok(files.length > 0, `there are no cases of ${kind.id} ${verb}`);
      for (const name of files) {
        const file = join(folder, verb, name);
        const given = JSON.parse(readFileSync(file, "utf8")) as Case;
        test(`${name.slice(0, -5)}: ${given.says}`, () => {
          const found = perform(kind, given);
          if (update) writeFileSync(file, `${JSON.stringify({ ...given, ...found }, null, 2)}\n`);
          for (const [key, value] of Object.entries(found))
            assert.deepEqual(value, given[key as keyof Case]);
        });
      }
    });
  }
}
