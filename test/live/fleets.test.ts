import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { machineFiles } from "../support/infra.ts";
import { openSite, siteOn, type Site } from "../support/site.ts";

describe("two fleets on one machine", () => {
  let acme: Site;
  let staging: Site;

  const app = (more = ""): string => `
image: ${acme.image("1")}
port: 8080
health: { http: /up, interval: 50ms }
deploy: { stopTimeout: 1s }
${more}`;
  const data = "volumes: { data: /data }\n";

  const docker = async (...argv: string[]): Promise<string> =>
    (await acme.fleet.machine("web-1").docker(argv)).trim();

  /** All that a fleet has: containers with their state, networks, volumes. */
  const holdings = async (fleet: string): Promise<readonly string[]> => {
    const filter = ["--filter", `label=slipway.fleet=${fleet}`];
    const all = await Promise.all([
      docker("ps", "-a", ...filter, "--format", "{{.ID}} {{.Names}} {{.State}} {{.Networks}}"),
      docker("network", "ls", ...filter, "--format", "{{.ID}} {{.Name}}"),
      docker("volume", "ls", ...filter, "--format", "{{.Name}}"),
    ]);
    // The engine tells a container's networks in any order.
    const sorted = (line: string): string =>
      line.replace(/\S+$/, (names) => names.split(",").toSorted().join());
    return all.flatMap((text) => text.split("\n").map(sorted).toSorted());
  };

  const heldIn = async (site: Site): Promise<readonly string[]> => {
    const outcome = await site.settle("held");
    return outcome.held.map((h) => h.text).toSorted();
  };

  before(async () => {
    acme = await openSite({ machines: ["web-1"] });
    staging = await siteOn(acme.fleet, ["web-1"]);
    await staging.commit("Another fleet", machineFiles(acme.fleet, "acme-staging", ["web-1"]));
  });
  after(async () => {
    await staging?.close();
    await acme?.close();
  });

  test("the second takes nothing of the first, and says what clashes", async () => {
    await staging.commit("Apps", { "apps/web.yaml": app(), "apps/db.yaml": app(data) });
    await staging.settle();
    const theirs = await holdings("acme-staging");
    await acme.commit("Apps", {
      "apps/still.yaml": app(),
      "apps/db.yaml": app(data),
      "apps/staging.yaml": app("services: { web: {} }\n"),
      "apps/staging-api.yaml": app(),
    });
    const outcome = await acme.settle("held");
    assert.deepEqual(outcome.held.map((h) => h.text).toSorted(), [
      "network slipway-acme-staging belongs to fleet acme-staging; needs another name for app staging",
      "volume db_data belongs to fleet acme-staging; needs another name for app db, or 'name: db_data' at volume data to share its data",
    ]);
    const said = Object.fromEntries(outcome.apps.map((a) => [a.family, a.outcome]));
    assert.deepEqual(said, {
      db: "held",
      staging: "held",
      "staging-api": "applied",
      still: "applied",
    });
    assert.deepEqual(await holdings("acme-staging"), theirs);
    await staging.settle();
    assert.deepEqual(await holdings("acme-staging"), theirs);
  });

  test("names of containers that the other has are not fought over", async () => {
    await acme.commit("An app like theirs", {
      "apps/staging.yaml": undefined,
      "apps/staging-web.yaml": app(),
      "apps/db.yaml": undefined,
    });
    const theirs = await holdings("acme-staging");
    const [text = "", ...more] = await heldIn(acme);
    assert.deepEqual(more, []);
    assert.match(
      text,
      /^container acme-staging-web-1-[0-9a-f]{8} belongs to fleet acme-staging; needs another name for app staging-web$/,
    );
    assert.deepEqual(await holdings("acme-staging"), theirs);
    await acme.commit("Renamed out of it", {
      "apps/staging-web.yaml": undefined,
      "apps/front.yaml": app("renamedFrom: staging-web\n"),
    });
    await acme.settle();
    await staging.commit("Rolls", { "apps/web.yaml": app("env: { A: a }\n") });
    await staging.settle();
    assert.match((await holdings("acme-staging")).join("\n"), /acme-staging-web-1-prev exited/);
  });

  test("data is shared where its name is given, and goes with whom it belongs to alone", async () => {
    await acme.commit("Shared", {
      "apps/db.yaml": app("volumes: { data: { path: /data, name: db_data } }\n"),
    });
    await acme.settle();
    await acme.commit("Gone\n\nSlipway-Allow: destroy machine/web-1/app/db/volume/data", {
      "apps/db.yaml": undefined,
    });
    await acme.settle();
    assert.ok((await holdings("acme-staging")).includes("db_data"));
  });

  test("a fleet whose bridge another app has is told so, and does nothing there", async () => {
    const third = await siteOn(acme.fleet, ["web-1"]);
    try {
      await acme.commit("A family", { "apps/lab.yaml": app("services: { web: {} }\n") });
      await acme.settle();
      const ours = await holdings("acme");
      await third.commit("acme-lab", {
        ...machineFiles(acme.fleet, "acme-lab", ["web-1"]),
        "apps/one.yaml": app(),
      });
      assert.deepEqual(await heldIn(third), [
        "network slipway-acme-lab belongs to fleet acme; needs another name for one of the fleets",
      ]);
      assert.deepEqual(await holdings("acme-lab"), ["", "", ""]);
      assert.deepEqual(await holdings("acme"), ours);
    } finally {
      await third.close();
    }
  });
});
