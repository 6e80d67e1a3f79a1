import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { runCli } from "../../src/cli/program.ts";
import { noParts, recordedIo } from "./screen.ts";

/** What `slipway validate` says of a folder with these files. */
async function validate(
  files: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<{ readonly code: number; readonly out: string }> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-validate-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    const io = recordedIo({ cwd: dir });
    const code = await runCli(["validate", ...flags], io, noParts);
    return { code, out: io.said().out };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const broken = {
  "slipway.yaml": "fleet: acme\ncolour: red\n",
  "machines/web-1.yaml": "address: 10.0.0.1\n",
  "apps/shop.yaml": "image: a\nafter: [nobody]\n",
  "environments/eu/apps/shop.yaml": "prot: 80\n",
  "environments/us/machines/web-2.yaml": "address: 10.0.0.1\n",
};

describe("slipway validate", () => {
  it("tells what the root and all environments have, once and in order", async () => {
    const { code, out } = await validate(broken);
    assert.equal(code, 1);
    assert.deepEqual(out.split("\n"), [
      "apps/shop.yaml:1:1: error: app 'shop' must say on which machines it runs, since there are 2 (web-1, web-2); for example machines: { role: web }, or all (in environment us) [machines-missing]",
      "apps/shop.yaml:2:9: error: there is no app 'nobody' [unknown-after]",
      "environments/eu/apps/shop.yaml:1:1: error: unknown key 'prot' (did you mean 'port'?) [unknown-key]",
      "environments/us/machines/web-2.yaml:1:10: error: machine 'web-1' has the same address (machines/web-1.yaml:1) [duplicate-address]",
      "slipway.yaml:2:1: error: unknown key 'colour' [unknown-key]",
      "5 errors",
      "",
    ]);
  });

  it("tells the same to programs", async () => {
    const { code, out } = await validate(broken, "--json", "--environment", "eu");
    assert.equal(code, 1);
    const { findings } = JSON.parse(out) as { findings: readonly { readonly code: string }[] };
    assert.deepEqual(
      findings.map((finding) => finding.code),
      ["unknown-after", "unknown-key", "unknown-key"],
    );
  });

  it("ends where nobody reads on, however many environments there are", async () => {
    const many = Array.from({ length: 150 }, (_, i) => `key${i}: 1`).join("\n");
    const { out } = await validate({
      "slipway.yaml": `fleet: acme\n${many}\n`,
      "machines/web-1.yaml": "address: 10.0.0.1\n",
      "environments/eu/slipway.yaml": many,
      "environments/us/slipway.yaml": many,
    });
    const lines = out.trimEnd().split("\n");
    assert.equal(lines.length, 202);
    assert.match(lines.at(-2) ?? "", /and at least 250 more findings/);
  });
});
