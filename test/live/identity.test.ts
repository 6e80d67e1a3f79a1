import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { machineFiles, machineFile } from "../support/infra.ts";
import { openSite, type Site } from "../support/site.ts";

describe("a machine whose disk was copied from another", () => {
  let site: Site;

  const record = "/var/lib/slipway/acme/inventory.json";
  const on = async (machine: string, ...argv: string[]): Promise<string> =>
    (await site.fleet.machine(machine).exec(argv)).stdout;

  before(async () => {
    site = await openSite({ machines: ["web-1", "web-2"] }, {});
  });
  after(async () => {
    await site?.close();
  });

  test("is left alone, and told, while the other goes on", async () => {
    await site.settle();
    const copied = await on("web-1", "cat", record);
    assert.match(copied, /"machine": "web-1"/);
    const copy = ["sh", "-c", `cat >${record}`];
    await site.fleet.machine("web-2").exec(copy, { input: copied });
    const more = "sysctl: { net.core.somaxconn: 1234 }\n";
    await site.commit("Machines", {
      ...machineFiles(site.fleet, "acme", []),
      "machines/web-1.yaml": machineFile(site.fleet, "web-1", more),
      "machines/web-2.yaml": machineFile(site.fleet, "web-2", more),
    });
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "incomplete", JSON.stringify(outcome));
    assert.deepEqual(
      outcome.troubles.map((t) => [t.machine, t.class]),
      [["web-2", "identity"]],
    );
    assert.match(outcome.text, /record of web-1, which is declared too/);
    const value = ["cat", "/proc/sys/net/core/somaxconn"] as const;
    assert.equal(await on("web-1", ...value), "1234\n");
    assert.notEqual(await on("web-2", ...value), "1234\n");
    assert.equal(await on("web-2", "cat", record), copied);
  });

  test("is one of its own once it has no record", async () => {
    await on("web-2", "rm", "-r", "/var/lib/slipway");
    await site.settle();
    assert.match(await on("web-2", "cat", record), /"machine": "web-2"/);
  });
});
