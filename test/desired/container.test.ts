import assert from "node:assert/strict";
import { test } from "node:test";
import type { Belongings } from "../../src/desired/belongings.ts";
import type { ContainerSpec } from "../../src/kinds/index.ts";
import { specDigest } from "../../src/kinds/shared/container/fields.ts";
import { compileFiles, containersOf, referenceOf, shop } from "./compiled.ts";

/** Lines of an app's YAML, and the members of its container's spec that they decide. */
const cases: readonly (readonly [lines: readonly string[], expected: Partial<ContainerSpec>])[] = [
  [
    [],
    {
      fleet: "acme",
      app: "shop",
      family: "shop",
      instance: 1,
      imageText: "shop:1",
      image: referenceOf("shop:1"),
      env: { SLIPWAY_MACHINE: "web-1", SLIPWAY_APP: "shop", SLIPWAY_INSTANCE: "1" },
      labels: {},
      ports: [],
      networks: [{ name: "slipway-acme", aliases: ["shop", "shop.web-1"] }],
      restart: "unless-stopped",
      stopTimeoutSeconds: 10,
      logs: { maxSizeBytes: 10 * 1024 * 1024, maxFiles: 3 },
      running: true,
      strategy: "start-first",
      limits: {},
      probe: { by: "auto" },
      probeIntervalMs: 1_000,
      probeTimeoutMs: 5_000,
      probeDeadlineMs: 60_000,
      mounts: [
        {
          type: "bind",
          source: "/var/lib/slipway/acme/hosts",
          target: "/etc/hosts",
          readOnly: true,
        },
      ],
    },
  ],
  // Rolling out: what is held by the old one decides.
  [["port: 8080"], { strategy: "start-first" }],
  [['publish: ["80:80"]'], { strategy: "stop-first" }],
  [['publish: ["local:80:80"]'], { strategy: "stop-first" }],
  [["network: host"], { strategy: "stop-first" }],
  [["volumes: { data: /data }"], { strategy: "stop-first" }],
  [["volumes: { data: { path: /data, readOnly: true } }"], { strategy: "start-first" }],
  [['volumes: ["data:/data:ro"]'], { strategy: "start-first" }],
  [["volumes: { data: /data }", "deploy: { strategy: start-first }"], { strategy: "start-first" }],
  [["deploy: { strategy: stop-first }"], { strategy: "stop-first" }],
  [["deploy: { stopTimeout: 1500ms }"], { stopTimeoutSeconds: 2 }],
  [["state: stopped"], { running: false }],
  [["restart: on-failure"], { restart: "on-failure" }],
  // Commands: a list stands as it is, a string is split without a shell.
  [['command: ["a b", "$HOME"]'], { command: ["a b", "$HOME"] }],
  [["command: serve --name 'a b' $HOME"], { command: ["serve", "--name", "a b", "$HOME"] }],
  [["entrypoint: /bin/sh -c"], { entrypoint: ["/bin/sh", "-c"] }],
  // Health.
  [["port: 8080"], { probe: { by: "auto", port: 8080 } }],
  [["port: { web: 3000, ssh: 22 }"], { probe: { by: "auto", port: 3000 } }],
  [["port: 8080", "health: { http: /up }"], { probe: { by: "http", path: "/up", port: 8080 } }],
  [
    ["port: { web: 3000, admin: 9000 }", "health: { http: /up, port: admin }"],
    { probe: { by: "http", path: "/up", port: 9000 } },
  ],
  [["health: { tcp: true, port: 5432 }"], { probe: { by: "tcp", port: 5432 } }],
  [
    ["health: { command: pg_isready -q, interval: 2s, timeout: 1m, deadline: 1h }"],
    {
      probe: { by: "command", argv: ["pg_isready", "-q"] },
      probeIntervalMs: 2_000,
      probeTimeoutMs: 60_000,
      probeDeadlineMs: 3_600_000,
    },
  ],
  [["health: { engine: true }"], { probe: { by: "engine" } }],
  [["health: off", "port: 80"], { probe: "off" }],
  [
    ["port: 80", "health: { interval: 3s }"],
    { probe: { by: "auto", port: 80 }, probeIntervalMs: 3_000 },
  ],
  // Limits.
  [
    [
      "resources: { memory: 512m, memoryReservation: 64k, memorySwap: 2g, cpus: 1.5, cpuShares: 512, cpuset: 0-1, pids: 500 }",
    ],
    {
      limits: {
        memoryBytes: 512 * 1024 ** 2,
        memoryReservationBytes: 64 * 1024,
        memorySwapBytes: 2 * 1024 ** 3,
        cpus: 1.5,
        cpuShares: 512,
        cpuset: "0-1",
        pids: 500,
      },
    },
  ],
  [
    ["logs: { maxSize: 20m, maxFiles: 5 }"],
    { logs: { maxSizeBytes: 20 * 1024 ** 2, maxFiles: 5 } },
  ],
  [
    ["ulimits: { nofile: 1024, nproc: { soft: 1, hard: 2 } }", "shmSize: 1m"],
    {
      ulimits: [
        { name: "nofile", soft: 1024, hard: 1024 },
        { name: "nproc", soft: 1, hard: 2 },
      ],
      shmSizeBytes: 1024 ** 2,
    },
  ],
  // The text of a scalar is its value, and Slipway's own names cannot be taken.
  [
    ["env: { V: 1.10, YES: yes, N: 0x10, EMPTY: '' }"],
    {
      env: {
        V: "1.10",
        YES: "yes",
        N: "0x10",
        EMPTY: "",
        SLIPWAY_MACHINE: "web-1",
        SLIPWAY_APP: "shop",
        SLIPWAY_INSTANCE: "1",
      },
    },
  ],
  [["labels: { a.b: 1.10 }"], { labels: { "a.b": "1.10" } }],
  [
    [
      "tmpfs: [/tmp, '/run:size=1m,mode=1777']",
      "devices: [/dev/fuse, '/dev/a:/dev/b:r', '/dev/c:rw']",
    ],
    {
      tmpfs: { "/tmp": "", "/run": "size=1m,mode=1777" },
      devices: [
        { host: "/dev/fuse", container: "/dev/fuse", permissions: "rwm" },
        { host: "/dev/a", container: "/dev/b", permissions: "r" },
        { host: "/dev/c", container: "/dev/c", permissions: "rw" },
      ],
    },
  ],
  [
    [
      "user: '1000:1000'",
      "workingDir: /srv",
      "hostname: shop.example.com",
      "init: true",
      "stopSignal: SIGINT",
      "groupAdd: [video]",
    ],
    {
      user: "1000:1000",
      workingDir: "/srv",
      hostname: "shop.example.com",
      init: true,
      stopSignal: "SIGINT",
      groupAdd: ["video"],
      networks: [{ name: "slipway-acme", aliases: ["shop", "shop.web-1", "shop.example.com"] }],
    },
  ],
];

for (const [lines, expected] of cases) {
  test(lines.length === 0 ? "what an image alone gives" : lines.join("; "), async () => {
    const spec = await shop(lines);
    const found = Object.fromEntries(
      Object.keys(expected).map((k) => [k, spec[k as keyof ContainerSpec]]),
    );
    assert.deepEqual(found, expected);
  });
}

test("volumes, folders of the machine, files and names are mounted, in order of target", async () => {
  const { mounts } = await shop([
    "volumes: { data: /var/lib/shop, named: { path: /named, name: exact }, /srv/media: { path: /media, readOnly: true } }",
    "files: { /etc/shop/shop.toml: shop.toml, /etc/shop/rules: rules/ }",
    "extraHosts: { gate: host-gateway }",
  ]);
  const said = mounts.map(
    (m) =>
      `${m.type} ${m.source.replace(/[0-9a-f]{64}/, "DIGEST")} ${m.target}${m.readOnly ? " ro" : ""}`,
  );
  assert.deepEqual(said, [
    "bind /var/lib/slipway/acme/hosts.shop /etc/hosts ro",
    "bind /var/lib/slipway/acme/files/DIGEST /etc/shop/rules ro",
    "bind /var/lib/slipway/acme/files/DIGEST /etc/shop/shop.toml ro",
    "bind /srv/media /media ro",
    "volume exact /named",
    "volume shop_data /var/lib/shop",
  ]);
});

const nothing: Belongings = { volumes: new Set(), networks: new Set(), used: new Map() };

const range = { subnet: "172.30.0.0/16", gateway: "172.30.0.1", dynamic: "172.30.0.0/18" };

test("each instance gets an address for good that no container has; it is not compared", async () => {
  const files = {
    "apps/shop.yaml": "image: shop:1\ninstances: 2\n",
    "apps/web.yaml": "image: shop:1\nnetwork: host\n",
  };
  const addresses = async (held: readonly string[]): Promise<readonly string[]> => {
    const compiled = containersOf(await compileFiles(files, { range, held }));
    assert.equal(compiled["web-1/web/1"]?.networks, "host");
    return ["web-1/shop/1", "web-1/shop/2"].map((at) => {
      const spec = compiled[at];
      assert.ok(spec !== undefined && spec.networks !== "host");
      const [first] = spec.networks;
      assert.ok(first?.address !== undefined);
      const bare = { ...spec, networks: [{ name: first.name, aliases: first.aliases }] };
      assert.equal(specDigest(spec), specDigest(bare));
      return first.address;
    });
  };
  const first = await addresses([]);
  assert.notEqual(first[0], first[1]);
  assert.deepEqual(await addresses([]), first);
  const next = await addresses(first);
  assert.equal(new Set([...first, ...next]).size, 4);
});

test("the fleet's bridge is made with that range, a family's is the engine's", async () => {
  const { resources } = await compileFiles(
    { "apps/shop.yaml": "image: shop:1\nservices: { a: {} }\n" },
    { range },
  );
  const networks = resources.filter((r) => r.kind === "app/network");
  assert.deepEqual(
    networks.map((r) => r.spec),
    [
      { network: "slipway-acme", range },
      { network: "slipway-acme-shop", app: "shop", family: "shop" },
    ],
  );
});

test("a renamed app keeps the engine's names of its volumes, and takes over its containers", async () => {
  const lines = ["renamedFrom: catalog", "volumes: { data: /data }"];
  const belongings = { ...nothing, volumes: new Set(["catalog_data"]) };
  const spec = await shop(lines, undefined, { formerly: { shop: ["catalog"] }, belongings });
  const was = await shop(lines, undefined, { belongings, formerly: {} });
  assert.deepEqual(
    spec.formerly?.map((former) => [former.app, former.env["SLIPWAY_APP"], former.networks]),
    [["catalog", "catalog", [{ name: "slipway-acme", aliases: ["catalog", "catalog.web-1"] }]]],
  );
  assert.equal(spec.mounts.find((m) => m.type === "volume")?.source, "catalog_data");
  assert.equal(was.mounts.find((m) => m.type === "volume")?.source, "shop_data");
});

test("services: names, defaults, a bridge of their own with short names, shared volumes", async () => {
  const compiled = await compileFiles({
    "apps/shop.yaml": [
      "image: shop:1",
      "env: { A: file, B: file }",
      "volumes: { data: /data }",
      "services:",
      "  shop: { port: 3000 }",
      "  worker: { command: [work], env: { B: worker }, image: worker:2 }",
    ].join("\n"),
  });
  const { "web-1/shop/1": shopSpec, "web-1/shop-worker/1": worker } = containersOf(compiled);
  assert.deepEqual(shopSpec?.networks, [
    { name: "slipway-acme", aliases: ["shop", "shop.web-1"] },
    { name: "slipway-acme-shop", aliases: ["shop", "shop"] },
  ]);
  assert.deepEqual(worker?.networks, [
    { name: "slipway-acme", aliases: ["shop-worker", "shop-worker.web-1"] },
    { name: "slipway-acme-shop", aliases: ["worker", "shop-worker"] },
  ]);
  assert.deepEqual(
    [worker?.family, worker?.imageText, worker?.env["A"], worker?.env["B"]],
    ["shop", "worker:2", "file", "worker"],
  );
  const bridges = compiled.resources.filter((r) => r.kind === "app/network").map((r) => r.address);
  assert.deepEqual([...new Set(bridges)].toSorted(), [
    "machine/web-1/app/shop/network/slipway-acme-shop",
    "machine/web-1/network/slipway-acme",
  ]);
});

test("every address is one resource", async () => {
  const compiled = await compileFiles({
    "apps/shop.yaml":
      "image: shop:1\nvolumes: { data: /data }\nservices: { a: { port: 1 }, b: { port: 2 }, shop: {} }\n",
  });
  const addresses = compiled.resources.map((r) => r.address);
  assert.deepEqual(addresses, [...new Set(addresses)]);
});

test("perMachine: its env, its number; instances are numbered on each machine", async () => {
  const found = containersOf(
    await compileFiles({
      "machines/web-2.yaml": "address: 10.0.0.12\n",
      "apps/shop.yaml": [
        "image: shop:1",
        "machines: all",
        "env: { ZONE: a }",
        "perMachine: { web-2: { env: { ZONE: b }, instances: 3 } }",
      ].join("\n"),
    }),
  );
  assert.deepEqual(
    Object.entries(found).map(([at, s]) => [at, s.env["ZONE"], s.env["SLIPWAY_INSTANCE"]]),
    [
      ["web-1/shop/1", "a", "1"],
      ["web-2/shop/1", "b", "1"],
      ["web-2/shop/2", "b", "2"],
      ["web-2/shop/3", "b", "3"],
    ],
  );
});

test("no instances: no containers, and what they would need stays", async () => {
  const compiled = await compileFiles({
    "apps/shop.yaml": "image: shop:1\ninstances: 0\nvolumes: { data: /data }\n",
  });
  assert.deepEqual(containersOf(compiled), {});
  assert.ok(compiled.resources.some((r) => r.kind === "app/volume"));
});

test("the revision is in no container's env, and only its creator is told by it", async () => {
  const spec = await shop(["env: { A: a }"]);
  const { revision, ...rest } = spec;
  assert.equal(JSON.stringify(rest).includes(revision), false);
});

test("a release is the app's container with another command, without ports, on the first machine", async () => {
  const compiled = await compileFiles({
    "machines/web-0.yaml": "address: 10.0.0.10\n",
    "apps/shop.yaml": [
      "image: shop:1",
      "machines: all",
      'publish: ["80:80"]',
      "env: { A: a }",
      "volumes: { data: /data }",
      "release: { command: migrate --all, deadline: 90s }",
    ].join("\n"),
  });
  const releases = compiled.resources.filter((r) => r.kind === "app/release");
  assert.deepEqual(
    releases.map((r) => r.machine),
    ["web-0"],
  );
  const spec = releases[0]?.spec as { container: ContainerSpec; deadlineMs: number };
  const { command, ports, restart, env, mounts, networks } = spec.container;
  assert.deepEqual(networks, [{ name: "slipway-acme", aliases: [] }], "nobody finds it as shop");
  assert.deepEqual(
    [command, ports, restart, spec.deadlineMs],
    [["migrate", "--all"], [], "no", 90_000],
  );
  assert.equal(env["A"], "a");
  assert.ok(mounts.some((m) => m.source === "shop_data"));
});
