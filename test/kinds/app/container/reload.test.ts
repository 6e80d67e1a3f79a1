import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { container, type ContainerSpec } from "../../../../src/kinds/app/container.ts";
import { files, type FilesSpec } from "../../../../src/kinds/app/files.ts";
import { specDigest } from "../../../../src/kinds/index.ts";
import { digestOf } from "../../../../src/lib/hash.ts";
import { about, converge, find, planFor } from "../../../support/converge.ts";
import { countSteps, type EngineSim, type SimContainer } from "../../../support/engine-sim.ts";
import { sha256 } from "../../../support/sim/disk.ts";
import { machine, plain } from "../../../support/specs.ts";

const entry = (path: string, text: string): FilesSpec["entries"][number] => ({
  path,
  content: { blob: text },
  sha256: sha256(text),
  mode: "0644",
});

const filesOf = (target: string, text: string, folder: boolean): FilesSpec => {
  const entries = folder
    ? [entry("a", text), ...(text.length % 2 === 0 ? [entry("below/b", text)] : [])]
    : [entry("", text)];
  const digest = digestOf([target, entries]);
  return { app: "shop", family: "shop", target, digest, entries, folder, owner: "0:0" };
};

/** With a file and a folder that it reads anew, as compiling puts them. */
const reading = (text: string, more: Partial<ContainerSpec> = {}): ContainerSpec => {
  const bare = { ...plain, ...more };
  const shipped = [
    filesOf("/etc/shop.toml", text, false),
    filesOf("/etc/shop/rules", text.slice(0, 5), true),
  ];
  const folder = `${digestOf(specDigest(bare))}.live`;
  const mounts = shipped.map(({ target }, number) => ({
    type: "bind" as const,
    source: `${about.root}/files/${folder}/${number}`,
    target,
    readOnly: true,
  }));
  return {
    ...bare,
    mounts: [...mounts, ...bare.mounts],
    reload: { signal: "HUP", folder, files: shipped },
  };
};

/** What is prepared before the first container moves. */
const prepare = (sim: EngineSim, want: ContainerSpec): void => {
  for (const spec of want.reload?.files ?? []) {
    for (const { content } of spec.entries)
      if ("blob" in content) sim.blobs.set(content.blob, content.blob);
    if (find(files, sim, spec) === undefined) converge(files, sim, spec, { rounds: 1 });
  }
};

const reach = (sim: EngineSim, want: ContainerSpec, rounds = 1): void => {
  prepare(sim, want);
  converge(container, sim, want, { rounds });
};

const serving = (sim: EngineSim): SimContainer => {
  const [one, ...others] = sim.engine.containers.filter((c) => sim.engine.isRunning(c));
  assert.ok(one !== undefined && others.length === 0, "one runs");
  return one;
};

const readBy = ({ files: seen = [] }: SimContainer): readonly (string | undefined)[] =>
  seen.filter(({ source }) => source.endsWith(".live/0")).map(({ read }) => read);

const leftBehind = (sim: EngineSim): readonly string[] =>
  sim.disk.below(`${about.root}/files`).filter((path) => path.endsWith(".before"));

const assertReads = (sim: EngineSim, text: string): void => {
  assert.deepEqual(readBy(serving(sim)), [text]);
  assert.deepEqual(leftBehind(sim), []);
};

const text = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 8 });

describe("a container that reads its files anew", () => {
  test("is told of other files and goes on", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (texts) => {
        const sim = machine();
        reach(sim, reading("first"));
        const { id, startedAt } = serving(sim);
        for (const one of texts) {
          reach(sim, reading(one));
          assertReads(sim, one);
        }
        assert.deepEqual([serving(sim).id, serving(sim).startedAt], [id, startedAt]);
      }),
    );
  });

  test("cut after any step, or refused, it reads in the end what is declared", () => {
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.nat(),
        fc.boolean(),
        (first, next, last, seed, isRefused) => {
          const sim = machine();
          reach(sim, reading(first));
          const want = reading(next);
          prepare(sim, want);
          const planned = planFor(container, sim, want);
          if (planned === undefined) return;
          const at = seed % (countSteps(planned.steps) + 1);
          sim.run(planned.steps, isRefused ? { refuseAt: at } : { cutAfter: at });
          reach(sim, reading(last), 2);
          assertReads(sim, last);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("gets the former files back where it is not well with others", () => {
    const sim = machine();
    const first = reading("good");
    reach(sim, first);
    const { id } = serving(sim);
    sim.healthy = (c) => !readBy(c).includes("bad");
    const bad = reading("bad");
    prepare(sim, bad);
    const ran = sim.run(planFor(container, sim, bad)!.steps);
    assert.equal(ran.state, "failed");
    assertReads(sim, "good");
    assert.equal(planFor(container, sim, first), undefined);
    assert.equal(serving(sim).id, id);
  });

  test("is reached also after somebody put another file in the place of one", () => {
    const place = fc.constantFrom("0", ".0", "1/a", "1");
    const hand = fc.record({ place, edit: fc.constantFrom("replace", "append", "remove") });
    fc.assert(
      fc.property(hand, text, text, ({ place: at, edit }, first, next) => {
        const sim = machine();
        const want = reading(first);
        reach(sim, want);
        const path = `${about.root}/files/${want.reload!.folder}/${at}`;
        const node = sim.disk.nodes.get(path);
        if (edit === "remove") sim.disk.remove(path);
        else if (node?.type === "file" && edit === "append") node.content += "x";
        else if (node?.type === "file") sim.disk.write(path, "by hand");
        reach(sim, want);
        assertReads(sim, first);
        reach(sim, reading(next));
        assertReads(sim, next);
      }),
      { numRuns: 200 },
    );
  });

  test("that is made anew has files of its own: the one before reads its own to the end", () => {
    const step = fc.record({ text, greeting: fc.constantFrom("a", "b") });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 6 }), (steps) => {
        const sim = machine();
        for (const { text: one, greeting } of steps) {
          reach(sim, reading(one, { env: { ...plain.env, GREETING: greeting } }));
          assertReads(sim, one);
        }
      }),
    );
  });

  test("that is stopped or was never proven starts with what is declared", () => {
    const sim = machine();
    reach(sim, reading("one"));
    sim.engine.call("POST", ["containers", serving(sim).id, "stop"], {}, undefined);
    reach(sim, reading("two"));
    assertReads(sim, "two");
    reach(sim, reading("two", { running: false }));
    reach(sim, reading("three", { running: false }));
    reach(sim, reading("four"));
    assertReads(sim, "four");
  });

  test("tells which files differ, and of its mounts nothing", () => {
    const sim = machine();
    reach(sim, reading("one"));
    const told = (want: ContainerSpec) => {
      prepare(sim, want);
      const { reason, fields } = planFor(container, sim, want)!.difference;
      return [reason.code, fields.map((f) => f.path)];
    };
    assert.deepEqual(told(reading("two")), [
      "files-changed",
      ["files./etc/shop.toml", "files./etc/shop/rules/a"],
    ]);
    assert.deepEqual(told(reading("one", { env: { ...plain.env, GREETING: "bye" } })), [
      "spec-changed",
      ["env.GREETING"],
    ]);
  });

  test("keeps copies that containers mount or an app declares, and lets go of others", () => {
    const sim = machine();
    const want = reading("one");
    reach(sim, want);
    const copy = want.reload!.folder;
    assert.deepEqual(files.keeps?.({ ...want.reload!.files[0]!, copies: [copy] }), [
      copy,
      `${copy}.before`,
    ]);
    assert.equal(planFor(files, sim, undefined, copy), undefined, "it is mounted");
    converge(container, sim, undefined, { key: "shop/1" });
    converge(files, sim, undefined, { key: copy, rounds: 1 });
    assert.equal(find(files, sim, copy), undefined);
  });
});
