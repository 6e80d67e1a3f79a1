import assert from "node:assert/strict";
import { test } from "node:test";
import { netted } from "../../src/cli/net.ts";
import type { Parts } from "../../src/cli/parts.ts";
import { runCli } from "../../src/cli/program.ts";
import { Secret } from "../../src/model/secret.ts";
import { Redactor } from "../../src/secrets/redactor.ts";
import { makeInfra } from "../support/infra.ts";
import { noParts, recordedIo } from "./screen.ts";

const secret = 'hunter-of-tabs\t"of two\nlines"';
const redactor = new Redactor([new Secret("shop.TOKEN", secret)]);
const redact = (text: string): string => redactor.redact(text);

test("what was opened is in nothing that is printed from then on", () => {
  const io = recordedIo();
  const net = netted(io);
  net.io.out.write(`before: ${secret}\n`);
  net.spread(redact);
  net.io.out.write(`out: ${secret}\n`);
  net.io.err.write(`err: ${JSON.stringify(secret)}\n`);
  assert.deepEqual(io.said(), {
    out: `before: ${secret}\nout: [secret shop.TOKEN]\n`,
    err: 'err: "[secret shop.TOKEN]"\n',
  });
});

test("bytes are an app's own output, and pass", () => {
  const io = recordedIo();
  const net = netted(io);
  net.spread(redact);
  net.io.out.write(Buffer.from(secret));
  assert.equal(io.said().out, secret);
});

test("what several repos hold is taken out", () => {
  const io = recordedIo();
  const net = netted(io);
  net.spread(redact);
  net.spread((text) => text.replaceAll("other", "[other]"));
  net.io.out.write(`${secret} other`);
  assert.equal(io.said().out, "[secret shop.TOKEN] [other]");
  assert.equal(net.redact(`${secret} other`), "[secret shop.TOKEN] [other]");
});

/** A bug that speaks of what it holds. */
class Clumsy extends Error {
  readonly held = secret;
}

for (const format of ["plain", "json"] as const)
  test(`a bug that says a secret shows its name, as ${format}`, async (t) => {
    const infra = await makeInfra();
    t.after(() => infra.close());
    await infra.commit("First", { "slipway.yaml": "fleet: acme\n" });
    const io = recordedIo({ cwd: infra.repo });
    let isOpen = false;
    const parts: Parts = {
      ...noParts,
      openFleet: () =>
        Promise.resolve({
          session: () => Promise.reject(new Error("no machine")),
          seenHostKey: () => undefined,
          close: () => Promise.reject(new Clumsy(`cannot close ${secret}`)),
        }),
      openSecrets: () => {
        isOpen = true;
        return Promise.resolve({
          prepare: () => Promise.resolve(true),
          open: () => Promise.reject(new Error("nothing is to be opened")),
          spare: () => undefined,
          apart: () => {
            throw new Error("nothing is planned apart");
          },
          redact,
        });
      },
    };
    const words = ["--repo", infra.repo, "--ssh-key", "slipway.yaml", "plan"];
    const code = await runCli(format === "json" ? ["--json", ...words] : words, io, parts);
    assert.equal(code, 1);
    assert.ok(isOpen, io.said().err);
    io.crash(new Clumsy(`nobody waited for ${secret}`));
    assert.deepEqual(io.quits, [1]);
    const { out, err } = io.said();
    for (const what of ["cannot close", "nobody waited for"]) {
      assert.match(err, new RegExp(`this is a bug in Slipway.*\\nError: ${what} \\[secret shop`));
      if (format === "json") assert.match(out, new RegExp(`"${what} \\[secret shop.TOKEN\\]"`));
    }
    assert.doesNotMatch(out + err, /hunter/);
  });
