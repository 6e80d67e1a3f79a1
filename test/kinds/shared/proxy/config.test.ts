import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { serverLine } from "../../../../src/kinds/shared/proxy/config/backends.ts";
import { optional } from "../../../../src/kinds/shared/optional.ts";
import { layoutFor } from "../../../../src/kinds/shared/proxy/layout.ts";
import { proxyFolder, type ProxyFolder } from "../../../support/running-haproxy.ts";
import { anyProxy } from "../../../support/proxy-specs.ts";

describe("a server's line", () => {
  const lines: readonly (readonly [server: string, address: string | undefined, string])[] = [
    ["i1a", "172.18.0.5:8080", "  server i1a 172.18.0.5:8080"],
    ["i1b", undefined, "  server i1b 0.0.0.0:1 disabled"],
    ["r1", "10.0.0.12:8080", "  server r1 10.0.0.12:8080 backup"],
    ["r2", undefined, "  server r2 0.0.0.0:1 disabled backup"],
  ];
  for (const [server, address, line] of lines) {
    it(`is ${line.trim()}`, () => {
      assert.equal(serverLine({ server, ...optional("address", address) }), line);
    });
  }
});

describe("what is rendered", () => {
  let folder: ProxyFolder;
  before(async () => void (folder = await proxyFolder()));
  after(async () => await folder.remove());

  it("is taken by HAProxy without a word", async () => {
    await fc.assert(
      fc.asyncProperty(anyProxy, async (spec) => {
        await folder.write(spec, layoutFor(spec, undefined));
        const said = await folder.check();
        assert.doesNotMatch(said, /ALERT|WARNING/);
      }),
      { numRuns: 25 },
    );
  });
});
