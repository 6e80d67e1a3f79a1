import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openSite, type Site } from "../support/site.ts";

const machines = ["web-1", "web-2"];

describe("a renamed app", () => {
  let site: Site;

  const app = (tag = "1", more = ""): string => `
image: ${site.image(tag)}
machines: all
port: 8080
health: { http: /up, interval: 50ms, deadline: ${tag === "sick" ? "1s" : "60s"} }
deploy: { stopTimeout: 1s }
${more}`;

  /** All that is called after an app. */
  const everything = `
volumes: { data: /data, /srv/shop: /host }
files: { /etc/shop.conf: shop.conf }
extraHosts: { gate: host-gateway }
release: { command: ["sh", "-c", "echo released >> /host/releases"] }
services: { web: {}, back: { env: { B: back } } }
`;

  const docker = async (machine: string, ...argv: string[]): Promise<string> =>
    (await site.fleet.machine(machine).docker(argv)).trim();

  /** Id and name (without what it was made from) of what runs, of apps that are called so. */
  const running = async (name: string): Promise<readonly string[]> => {
    const found = await Promise.all(
      machines.map(async (machine) => {
        const format = "{{.ID}} {{.Names}}";
        const text = await docker(machine, "ps", "--no-trunc", "--format", format);
        return text.split("\n").map((line) => `${machine} ${line.replace(/-[0-9a-f]{8}$/, "")}`);
      }),
    );
    return found
      .flat()
      .filter((line) => line.includes(` acme-${name}-`))
      .toSorted();
  };

  const ids = async (name: string): Promise<readonly string[]> =>
    (await running(name)).map((line) => line.split(" ")[1] ?? "").toSorted();

  const things = async (): Promise<readonly string[]> => {
    const found = await Promise.all(
      machines.map(async (m) => [
        await docker(m, "volume", "ls", "-q"),
        await docker(m, "network", "ls", "-q", "--filter", "label=slipway.fleet=acme"),
      ]),
    );
    return found.flat();
  };

  const releases = async (): Promise<string> => {
    const { stdout } = await site.fleet.machine("web-1").exec(["cat", "/srv/shop/releases"]);
    return stdout.trim();
  };

  /** On web-1. */
  const inside = async (name: string, script: string): Promise<string> => {
    const line = (await running(name)).find((found) => found.startsWith("web-1 "));
    assert.ok(line !== undefined, `${name} does not run on web-1`);
    return await docker("web-1", "exec", line.split(" ")[1] ?? "", "sh", "-c", script);
  };

  const rename = async (
    from: string,
    to: string,
    text: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<string> =>
    await site.commit(`${from} is ${to} now`, {
      [`apps/${from}`]: undefined,
      [`apps/${to}/app.yaml`]: `${text}renamedFrom: ${from}\n`,
      [`apps/${to}/shop.conf`]: "conf",
      ...more,
    });

  const remove = async (name: string): Promise<void> => {
    await site.commit(`${name} goes`, { [`apps/${name}`]: undefined });
    // Its data is kept, which is told once.
    await site.reconcile();
    await site.commit("Words", {});
    await site.settle();
  };

  const start = async (text: string): Promise<void> => {
    await site.commit("Catalog", {
      "apps/catalog/app.yaml": text,
      "apps/catalog/shop.conf": "conf",
    });
    await site.settle();
  };

  before(async () => {
    site = await openSite({ machines }, { "1": {}, "2": {}, sick: { env: { FAIL: "health" } } });
    await site.commit("Still", { "apps/still.yaml": app(), "apps/other.yaml": app() });
    await site.settle();
  });
  after(async () => {
    await site?.close();
  });

  test("keeps all that it has through two renames, without the line, and back", async () => {
    await start(app("1", everything));
    const [first, had] = [await ids("catalog"), await things()];
    assert.equal(first.length, 4);
    await inside("catalog", "echo precious > /data/x");
    const products = await rename("catalog", "products", app("1", everything));
    await site.settle();
    assert.deepEqual(await ids("products"), first);
    await site.commit("Without the line", { "apps/products/app.yaml": app("1", everything) });
    const words = await site.settle();
    assert.equal(words.changes, 0, JSON.stringify(words));
    const store = await rename("products", "store", app("1", everything));
    await site.settle();
    assert.deepEqual([await ids("store"), await things()], [first, had]);
    for (const name of ["store-web", "store-web-1", "store-back.web-1"]) {
      const answer = await inside("still", `wget -qO- http://${name}:8080/`);
      assert.match(answer, /^version=1$/m, name);
    }
    await site.infra.revert(store);
    await site.settle();
    assert.deepEqual(await ids("products"), first);
    await site.infra.git("checkout", "-q", products, "--", ".");
    await site.commit("With the line again", {});
    await site.settle();
    await site.infra.revert(products);
    await site.settle();
    assert.deepEqual([await ids("catalog"), await things()], [first, had]);
    assert.equal(await inside("catalog", "cat /data/x"), "precious");
    assert.equal(await releases(), "released");
  });

  test("and changed at once rolls once; its revert brings the same containers back", async () => {
    const first = await ids("catalog");
    const commit = await rename("catalog", "products", app("2", everything));
    await site.settle();
    const next = await ids("products");
    assert.ok(next.length === 4 && next.every((id) => !first.includes(id)));
    assert.equal(await inside("products", "cat /data/x"), "precious");
    assert.equal(await inside("products", "echo $SLIPWAY_APP | cut -d- -f1"), "products");
    assert.equal(await releases(), "released\nreleased");
    await site.infra.revert(commit);
    await site.settle();
    assert.deepEqual(await ids("catalog"), first);
    assert.equal(await releases(), "released\nreleased");
    await remove("catalog");
  });

  test("that fails under its new name goes back to what it was, under that name", async () => {
    await start(app());
    const first = await ids("catalog");
    const commit = await rename("catalog", "products", app("sick"));
    await site.settle("reverted");
    assert.deepEqual(await ids("products"), first);
    const again = await rename("products", "store", app("sick"));
    const held = await site.settle("held");
    assert.match(held.apps.find((a) => a.family === "store")?.text ?? "", /not healthy/);
    assert.deepEqual(await ids("store"), first, "its failed mark went with it");
    await site.infra.revert(again);
    await site.settle("held");
    await site.infra.revert(commit);
    await site.settle();
    assert.deepEqual(await ids("catalog"), first);
    await remove("catalog");
  });

  test("twice while a machine is away, or between two passes, keeps what is there", async () => {
    await start(app("1", "volumes: { data: /data }\n"));
    const [first, had] = [await ids("catalog"), await things()];
    await site.fleet.machine("web-2").faults.cut();
    await rename("catalog", "products", app("1", "volumes: { data: /data }\n"));
    const half = await site.reconcile();
    assert.equal(half.outcome, "incomplete", JSON.stringify(half));
    await site.fleet.machine("web-2").faults.mend();
    await rename("products", "store", app("1", "volumes: { data: /data }\n"));
    await site.settle();
    assert.deepEqual([await ids("store"), await things()], [first, had]);
    await rename("store", "shelf", app("1", "volumes: { data: /data }\n"));
    await rename("shelf", "rack", app("1", "volumes: { data: /data }\n"));
    await site.settle();
    assert.deepEqual([await ids("rack"), await things()], [first, had]);
  });

  test("keeps its data from a new app of its former name, which is told so", async () => {
    const data = await things();
    await site.commit("A new catalog", {
      "apps/rack/app.yaml": app("1", "volumes: { data: /data }\n"),
      "apps/catalog/app.yaml": app("1", "volumes: { data: /data }\n"),
    });
    const held = await site.settle("held");
    assert.match(held.text, /volume catalog_data is of app rack, which was called catalog/);
    assert.deepEqual([await ids("catalog"), await things()], [[], data]);
    const renamed = app("1", "volumes: { data: { path: /data, name: fresh } }\n");
    await site.commit("Its own data", { "apps/catalog/app.yaml": renamed });
    await site.settle();
    assert.equal((await ids("catalog")).length, 2);
    await remove("catalog");
    await remove("rack");
  });

  test("trips no guard, though all apps are renamed and become fewer at once", async () => {
    await site.commit("Two of each", {
      "apps/still.yaml": app("1", "instances: 2\n"),
      "apps/other.yaml": app("1", "instances: 2\n"),
    });
    await site.settle();
    const before = [...(await ids("still")), ...(await ids("other"))];
    await site.commit("Both have other names", {
      "apps/still.yaml": undefined,
      "apps/other.yaml": undefined,
      "apps/calm.yaml": app("1", "renamedFrom: still\n"),
      "apps/else.yaml": app("1", "renamedFrom: other\n"),
    });
    await site.settle();
    const now = [...(await ids("calm")), ...(await ids("else"))];
    assert.equal(now.length, 4);
    assert.ok(now.every((id) => before.includes(id)));
  });
});
