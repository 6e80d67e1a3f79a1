import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runCli } from "../../src/cli/program.ts";
import { errorDocument, sayError, UserError } from "../../src/cli/trouble.ts";
import { Stopped } from "../../src/lib/stopped.ts";
import { UnusableKey } from "../../src/remote/identity.ts";
import { RemoteError } from "../../src/remote/session.ts";
import { SourceError } from "../../src/source/source.ts";
import { StateError } from "../../src/store/state-dir.ts";
import { assertPublished } from "../support/published.ts";
import { noParts, recordedIo } from "./screen.ts";

const published = JSON.parse(
  readFileSync(new URL("../../schemas/error.schema.json", import.meta.url), "utf8"),
) as { properties: { code: { enum: readonly string[] } } };
const codes = published.properties.code.enum;

describe("errors as documents", () => {
  const errors: readonly (readonly [error: unknown, code: string, machine?: string])[] = [
    [new UserError("usage", "what?", "like this"), "usage"],
    [new SourceError("denied", "no"), "repo-denied"],
    [new RemoteError("web-1", "identity", "another key"), "machine-identity", "web-1"],
    [new UnusableKey("no key"), "ssh-key"],
    [new StateError("in use"), "state"],
    [new Stopped(), "stopped"],
    [new TypeError("oops"), "bug"],
    ["thrown text", "bug"],
  ];
  for (const [error, code, machine = null] of errors) {
    it(`${String(error)} is ${code}`, () => {
      const document = errorDocument(error);
      assertPublished("error", document);
      assert.deepEqual([document.code, document.machine], [code, machine]);
      assert.equal(sayError(error, false).includes("bug"), code === "bug");
    });
  }

  it("have codes that docs/cli.md explains", () => {
    const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
    const [, table = ""] = page.split("\n## Errors\n");
    const told = [...table.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code = ""]) => code),
    );
    assert.deepEqual(told.toSorted(), codes.toSorted());
  });
});

describe("with --json", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "slipway-errors-"));
    await writeFile(join(dir, "slipway.yaml"), "fleet: acme\n");
  });
  after(async () => await rm(dir, { recursive: true, force: true }));

  const run = async (argv: readonly string[], env: Record<string, string> = {}) => {
    const io = recordedIo({ cwd: dir, env });
    return { code: await runCli(argv, io, noParts), ...io.said() };
  };

  const wrong: readonly (readonly [argv: readonly string[], code: string])[] = [
    [["valdate", "--json"], "usage"],
    [["--json"], "usage"],
    [["--json", "plan", "--exitcode"], "usage"],
    [["logs", "--json"], "usage"],
    [["exec", "shop", "--json"], "usage"],
    [["plan", "--json"], "no-repo"],
    [["import", "compose.yaml", "--json", "--force"], "not-yet"],
    [["secrets", "--json"], "usage"],
    [["secrets", "set", "a.B", "--json", "value"], "usage"],
    [["run", "--json", "--listen", "127.0.0.1:80"], "not-yet"],
    [["--json", "--repo", "/nowhere", "status"], "repo-missing"],
  ];
  for (const [argv, code] of wrong) {
    it(`'${argv.join(" ")}' is one document on stdout, and a line on stderr`, async () => {
      const ran = await run(argv);
      assert.equal(ran.code, 1);
      const document = JSON.parse(ran.out) as { code: string; message: string };
      assertPublished("error", document);
      assert.equal(document.code, code, ran.err);
      assert(ran.err.startsWith(`slipway: ${document.message}`), ran.err);
    });
  }

  it("asked for by the variable it is the same", async () => {
    const ran = await run(["plan", "--nonsense"], { SLIPWAY_JSON: "1" });
    assert.equal((JSON.parse(ran.out) as { code: string }).code, "usage");
  });

  it("the version is a document too", async () => {
    const ran = await run(["--version", "--json"]);
    assertPublished("version", JSON.parse(ran.out));
    assert.equal(ran.code, 0);
  });
});
