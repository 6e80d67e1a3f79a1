import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { machineFiles, type FileSpec } from "../../src/kinds/machine/files.ts";
import { digestOfBytes } from "../../src/lib/hash.ts";
import type { Answers } from "../../src/model/query.ts";
import type { Step } from "../../src/model/step.ts";
import { facts } from "../support/converge.ts";

/** The kind's own scripts, on files of this host in a folder of their own. */
const text = "as declared\n";
let folder = "";

before(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-files-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const owner = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
const specOf = (path: string): FileSpec => ({
  path,
  content: { blob: "b" },
  sha256: digestOfBytes(Buffer.from(text)),
  mode: "0640",
  owner,
});

/** What is to be done now, of which only the first steps are done. */
function act(root: string, path: string, want: FileSpec | undefined, most = Infinity): number {
  const about = { fleet: "acme", root, named: new Map([["machine/files", [path]]]) };
  const answers = {
    text: (query) => {
      assert.ok(query.ask === "run");
      const [command = "", ...rest] = query.argv;
      return execFileSync(command, rest, { encoding: "utf8" });
    },
  } satisfies Pick<Answers, "text">;
  const have = machineFiles.read(answers as Answers, about).get(path);
  const difference = machineFiles.diff(want, have, facts);
  if (difference === undefined) return 0;
  const chosen = { difference, ...(want && { want }), ...(have && { have }) };
  const steps = machineFiles.apply(chosen, { ...facts, root }).slice(0, most);
  for (const step of steps) perform(step);
  return steps.length;
}

function perform(step: Step): void {
  if (step.do === "run") {
    const [command = "", ...rest] = step.argv;
    execFileSync(command, rest);
    return;
  }
  assert.ok(step.do === "put" && step.content !== undefined);
  mkdirSync(dirname(step.path), { recursive: true });
  writeFileSync(step.path, "text" in step.content ? step.content.text : text);
  chmodSync(step.path, Number.parseInt(step.mode, 8));
}

const formers: Readonly<Record<string, string | undefined>> = {
  "a former file": "former\n",
  "nothing before": undefined,
};

for (const [name, former] of Object.entries(formers))
  for (const cut of [0, 1, 2, 3, 4])
    test(`cut after ${cut} steps, it is finished and comes back: ${name}`, () => {
      const place = mkdtempSync(join(folder, "case-"));
      const root = join(place, "root");
      const path = join(place, "etc", "below", "motd");
      if (former !== undefined) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, former, { mode: 0o604 });
        chmodSync(path, 0o604);
      }
      const want = specOf(path);
      act(root, path, want, cut);
      act(root, path, want);
      assert.equal(readFileSync(path, "utf8"), text);
      assert.equal(act(root, path, want), 0, "nothing is left to do");
      writeFileSync(path, "by hand\n");
      act(root, path, want);
      assert.equal(readFileSync(path, "utf8"), text);
      act(root, path, undefined, cut);
      act(root, path, undefined);
      assert.equal(act(root, path, undefined), 0);
      assert.deepEqual(readdirSync(join(root, "before")), []);
      if (former === undefined) assert.deepEqual(readdirSync(place), ["root"]);
      else {
        assert.equal(readFileSync(path, "utf8"), former);
        assert.equal(statSync(path).mode & 0o777, 0o604);
      }
    });
