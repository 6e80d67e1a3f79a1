import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { machineFile } from "../support/infra.ts";
import { untimed } from "../support/planned.ts";
import { openSite, type Site } from "../support/site.ts";

describe("the time zone of a machine", () => {
  let site: Site;

  const run = async (script: string): Promise<string> =>
    (await site.fleet.machine("web-1").exec(["sh", "-c", script])).stdout.trim();
  const seen = (): Promise<string> => run("readlink /etc/localtime; cat /etc/timezone; date +%Z");
  const declare = async (more: string): Promise<string> =>
    await site.commit("Zone", {
      "machines/web-1.yaml": machineFile(site.fleet, "web-1", more),
    });

  before(async () => {
    site = await openSite({ machines: ["web-1"] }, {});
    await run(
      "ln -sfn /usr/share/zoneinfo/Asia/Tokyo /etc/localtime; echo Asia/Tokyo >/etc/timezone",
    );
  });
  after(async () => {
    await site?.close();
  });

  test("is as declared, heals, and what was set before comes back", async () => {
    const former = await seen();
    assert.match(former, /JST$/);
    const declared = await declare("timezone: Europe/Berlin\n");
    await site.settle();
    assert.match(await seen(), /^\/usr\/share\/zoneinfo\/Europe\/Berlin\nEurope\/Berlin\nCES?T$/);
    await run("rm /etc/localtime; cp /usr/share/zoneinfo/UTC /etc/localtime");
    const [change] = changesOf(await site.by((controller) => controller.plan()));
    assert.ok(change);
    assert.equal(
      untimed(change.reason.text),
      "the time zone is not as declared; /etc/localtime changed",
    );
    assert.equal(change.reason.where?.line, 4);
    await site.settle();
    assert.match(await seen(), /CES?T$/);
    await site.infra.revert(declared);
    await site.settle();
    assert.equal(await seen(), former);
  });

  test("a copied file comes back as well", async () => {
    await run("rm /etc/localtime /etc/timezone; cp /usr/share/zoneinfo/UTC /etc/localtime");
    const declared = await declare("timezone: Europe/Berlin\n");
    await site.settle();
    await site.infra.revert(declared);
    await site.settle();
    assert.equal(
      await run(
        "cmp /usr/share/zoneinfo/UTC /etc/localtime && ls /etc/timezone 2>&1 | grep -c 'No such'",
      ),
      "1",
    );
    assert.equal(await run("ls -A /var/lib/slipway/acme/before"), "");
  });

  test("that there is not is told with its place", async () => {
    await declare("timezone: Europe/Berln\n");
    const { outcome, findings = [] } = await site.reconcile();
    assert.equal(outcome, "rejected");
    assert.match(
      findings.join(),
      /web-1\.yaml:4:11: there is no time zone 'Europe\/Berln' \(did you mean 'Europe\/Berlin'/,
    );
  });
});
