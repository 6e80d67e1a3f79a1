import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Parts } from "../../src/cli/parts.ts";
import { runCli } from "../../src/cli/program.ts";
import { openFleet } from "../../src/remote/open.ts";
import { makeInfra, type Infra } from "../support/infra.ts";
import { assertPublished } from "../support/published.ts";
import { noParts, recordedIo } from "./screen.ts";

const parts: Parts = { ...noParts, openFleet: (login) => Promise.resolve(openFleet(login)) };

/** What is not known is never told as if it were not there. */
describe("commands about a machine that does not answer", () => {
  let infra: Infra;
  let home: string;

  before(async () => {
    infra = await makeInfra();
    home = await mkdtemp(join(tmpdir(), "slipway-unreachable-"));
    await infra.commit("Start", {
      "slipway.yaml": "fleet: acme\n",
      "machines/web-1.yaml": "address: 127.0.0.1\nssh: { port: 1 }\n",
      "apps/shop.yaml": "image: shop:1\nmachines: all\n",
    });
  });
  after(async () => {
    await Promise.all([infra.close(), rm(home, { recursive: true, force: true })]);
  });

  const run = async (...argv: string[]) => {
    const env = { SLIPWAY_REPO: infra.repo, SLIPWAY_STATE: join(home, "state") };
    const io = recordedIo({ cwd: home, home, env });
    return { code: await runCli(argv, io, parts), ...io.said() };
  };

  it("status says how much was not seen, not that nothing is pending", async () => {
    const { code, out } = await run("status");
    assert.equal(code, 0);
    assert.match(out, /^head [0-9a-f]{8} Start: not tried yet, \d+ not seen$/m);
    const document = JSON.parse((await run("status", "--json")).out) as object;
    assertPublished("status", document);
  });

  for (const argv of [
    ["exec", "shop", "--", "true"],
    ["exec", "shop", "--new", "--on", "web-1", "--", "true"],
  ])
    it(`${argv.join(" ")} does not say that nothing runs`, async () => {
      const { code, err } = await run(...argv);
      assert.equal(code, 1);
      assert.match(err, /was found, and not every machine answered\n {2}web-1: .*refused/);
      const at = argv.indexOf("--");
      const { out } = await run(...argv.slice(0, at), "--json", ...argv.slice(at));
      const document = JSON.parse(out) as { code: string };
      assertPublished("error", document);
      assert.equal(document.code, "machine-unreachable");
    });

  it("restart does not pass it over", async () => {
    const { code, out } = await run("restart", "shop", "--json");
    assert.equal(code, 1);
    assertPublished("restart", JSON.parse(out));
    const { failure } = JSON.parse(out) as { failure: { machine: string; text: string } };
    assert.equal(failure.machine, "web-1");
    assert.match(failure.text, /refused/);
  });

  it("logs has what is missing in its document, and knows a wrong name all the same", async () => {
    const { code, out } = await run("logs", "shop", "--json");
    assert.equal(code, 1);
    assertPublished("logs", JSON.parse(out));
    const { lines, troubles } = JSON.parse(out) as {
      lines: unknown[];
      troubles: { machine: string }[];
    };
    assert.deepEqual([lines, troubles.map(({ machine }) => machine)], [[], ["web-1"]]);
    assert.match((await run("logs", "shpo")).err, /no app 'shpo' \(did you mean 'shop'\?\)/);
  });

  it("a key that others may read is warned of, and one that is none is told of", async () => {
    const key = join(home, "key");
    await writeFile(key, "nonsense", { mode: 0o644 });
    const { code, err } = await run("--ssh-key", key, "ps");
    assert.equal(code, 1);
    assert.match(err, /^slipway: warning: others may read the SSH key .*: chmod 600 /);
    assert.match(err, /\nslipway: .*key: it holds no SSH key that can be read\n$/);
    assert.match((await run("--ssh-key", home, "ps")).err, /cannot be read \(it is a folder\)/);
  });
});
