import assert from "node:assert/strict";
import { test } from "node:test";
import { cyclesOf } from "../../src/load/rules/cycles.ts";
import { documentsOf, repo, told, type Files } from "./repos.ts";

const image = "image: a\n";
const web2 = { "machines/web-2.yaml": "address: 10.0.0.12\nlabels: { role: web, zone: [a, b] }\n" };

/** Each repo with the findings that it must have: the start of each, in order. */
async function holds(
  cases: readonly (readonly [string, Files, readonly string[]])[],
): Promise<void> {
  for (const [name, files, expected] of cases) {
    const findings = await told(repo(files));
    const fits =
      findings.length === expected.length &&
      findings.every((one, i) => one.startsWith(expected[i] ?? "?"));
    assert.ok(
      fits,
      `${name}\n  wanted ${expected.join("\n         ")}\n  got    ${findings.join("\n         ")}`,
    );
  }
}

test("what a firewall allows is ports and networks", async () => {
  const allowing = (text: string): Files => ({
    "machines/web-1.yaml": `address: 10.0.0.11\nfirewall: { allow: [{ port: 443 }, ${text}] }\n`,
  });
  await holds([
    ["what there is", allowing("{ port: 8000-8010, from: [198.51.100.7, 2001:db8::/32] }"), []],
    [
      "a range that runs backwards",
      allowing("{ port: 8010-8000 }"),
      ["bad-format machines/web-1.yaml:2:44: 8010-8000 is no port (1-65535) or range of ports"],
    ],
    [
      "no network",
      allowing("{ port: 1, from: 198.51.100.0/33 }"),
      ["bad-format machines/web-1.yaml:2:53: 198.51.100.0/33 is neither an IP address nor"],
    ],
    [
      "one of several",
      allowing('{ port: 1, from: [10.0.0.0/8, "1:2"] }'),
      ["bad-format machines/web-1.yaml:2:66: 1:2 is neither an IP address nor a network"],
    ],
    ["a port too high", allowing("{ port: 70000 }"), ["out-of-range machines/web-1.yaml:2:44: "]],
    ["a name", allowing("{ port: 1, from: office }"), ["bad-format machines/web-1.yaml:2:53: "]],
  ]);
});

test("machines: labels, names, all, and the only one there is", async () => {
  const machinesOf = async (
    text: string,
    more: Files = web2,
  ): Promise<readonly string[] | undefined> =>
    (await documentsOf(repo({ ...more, "apps/shop.yaml": image + text }))).apps.get("shop")
      ?.machines;
  assert.deepEqual(await machinesOf("machines: { role: web }"), ["web-1", "web-2"]);
  assert.deepEqual(await machinesOf("machines: { role: web, zone: b }"), ["web-2"]);
  assert.deepEqual(await machinesOf("machines: { zone: [b, c] }"), ["web-2"]);
  assert.deepEqual(await machinesOf("machines: all"), ["web-1", "web-2"]);
  assert.deepEqual(await machinesOf("machines: web-2"), ["web-2"]);
  assert.deepEqual(await machinesOf("machines: [web-2, web-1]"), ["web-1", "web-2"]);
  assert.deepEqual(await machinesOf("", {}), ["web-1"]);
  await holds([
    [
      "a label that no machine has",
      { ...web2, "apps/a.yaml": `${image}machines: { rol: web }` },
      ["selector-matches-nothing apps/a.yaml:2:1: no machine has rol: web (did you mean 'role'?)"],
    ],
    [
      "a pair that no machine has",
      { ...web2, "apps/a.yaml": `${image}machines: { role: db, zone: a }` },
      ["selector-matches-nothing apps/a.yaml:2:1: no machine has role: db and zone: a"],
    ],
    [
      "a label that no machine has, beside one that they have",
      { "apps/a.yaml": `${image}machines: { role: web, zone: a }` },
      [
        "selector-matches-nothing apps/a.yaml:2:1: no machine has role: web and zone: a; none has a label 'zone'",
      ],
    ],
    [
      "a value beside one that machines have",
      { ...web2, "apps/a.yaml": `${image}machines: { zone: [a, b, c], role: [web, wbe] }` },
      [
        "unknown-label-value apps/a.yaml:2:26: warning: no machine has zone: c",
        "unknown-label-value apps/a.yaml:2:42: warning: no machine has role: wbe",
      ],
    ],
    [
      "a value that a machine may have whose file is broken",
      {
        ...web2,
        "machines/web-3.yaml": "adress: x\n",
        "apps/a.yaml": `${image}machines: { role: [web, db] }`,
      },
      ["unknown-key machines/web-3.yaml:1:1"],
    ],
    [
      "one of a list",
      { "apps/a.yaml": `${image}machines: [web-1, web-9]` },
      ["unknown-machine apps/a.yaml:2:19: there is no machine 'web-9' (did you mean 'web-1'?)"],
    ],
    [
      "a machine whose file is broken may be the one",
      { "machines/web-2.yaml": "adress: x\n", "apps/a.yaml": `${image}machines: { role: db }` },
      ["unknown-key machines/web-2.yaml:1:1"],
    ],
    [
      "no machine at all",
      { "machines/web-1.yaml": "adress: x\n", "apps/a.yaml": image },
      ["unknown-key machines/web-1.yaml:1:1"],
    ],
  ]);
  const without = await told({ "slipway.yaml": "fleet: acme\n", "apps/a.yaml": image });
  assert.deepEqual(without, [
    "machines-missing apps/a.yaml:1:1: app 'a' must say on which machines it runs, since there is no machine yet (machines/<name>.yaml); for example machines: { role: web }, or all",
  ]);
});

test("names stand for one thing each", async () => {
  await holds([
    ["app and machine", { "apps/web-1.yaml": image }, ["name-clash apps/web-1.yaml:1:1"]],
    [
      "a service's app and another app",
      { "apps/shop.yaml": `${image}services: { worker: {} }`, "apps/shop-worker.yaml": image },
      [
        "name-clash apps/shop-worker.yaml:1:1: 'shop-worker' is app 'shop-worker' and service 'worker' of app 'shop'",
      ],
    ],
    [
      "an instance and an app",
      { "apps/shop.yaml": `${image}instances: 2`, "apps/shop-2.yaml": image },
      [
        "name-clash apps/shop-2.yaml:1:1: 'shop-2' is app 'shop-2' and instance 2 of app 'shop' on web-1",
      ],
    ],
    ["an instance that there is not", { "apps/shop.yaml": image, "apps/shop-2.yaml": image }, []],
    [
      "instances called like the machines that they run on",
      { ...web2, "apps/web.yaml": `${image}machines: { role: web }` },
      [],
    ],
    [
      "instances called like other machines",
      { ...web2, "apps/web.yaml": `${image}machines: { role: web }\ninstances: 2` },
      [
        "name-clash machines/web-2.yaml:1:1: 'web-2' is machine 'web-2' and instance 2 of app 'web' on web-1",
      ],
    ],
    [
      "a machine called all",
      { "machines/all.yaml": "address: 10.0.0.9\n" },
      ["reserved-name machines/all.yaml:1:1: 'all' stands for every machine"],
    ],
    [
      "a number",
      { "apps/10.yaml": image },
      ["reserved-name apps/10.yaml:1:1: '10' would be read as an address"],
    ],
    [
      "a label of ours",
      { "apps/a.yaml": `${image}labels: { slipway.app: b }` },
      ["reserved-name apps/a.yaml:2:24"],
    ],
    [
      "a variable of ours on one machine",
      { "apps/a.yaml": `${image}perMachine: { web-1: { env: { SLIPWAY_MACHINE: x } } }` },
      ["reserved-name apps/a.yaml:2:48"],
    ],
    [
      "a service called like a machine",
      { "apps/shop.yaml": `${image}services: { web-1: {} }` },
      [
        "service-hides-name apps/shop.yaml:2:13: warning: inside app 'shop' the name 'web-1' means this service, not the machine",
      ],
    ],
    ["a service called like its app", { "apps/shop.yaml": `${image}services: { shop: {} }` }, []],
  ]);
});

test("a name of forty characters is the longest", async () => {
  assert.deepEqual(await told(repo({ [`apps/${"a".repeat(40)}.yaml`]: image })), []);
  const bad = ["a".repeat(41), "-a", "a-", "Shop", "sh op", "shöp", "a.b", "a_b", "ｓhop"];
  for (const name of bad) {
    const findings = await told(repo({ [`apps/${name}.yaml`]: image }));
    assert.deepEqual(
      findings.map((one) => one.split(" ")[0]),
      ["bad-name"],
      name,
    );
  }
});

test("after: names of apps, in no circle", async () => {
  await holds([
    [
      "a service",
      {
        "apps/db.yaml": `${image}services: { main: {} }`,
        "apps/a.yaml": `${image}after: [db-main]`,
      },
      ["unknown-after apps/a.yaml:2:9: 'db-main' is a service; after takes the app's name: db"],
    ],
    [
      "itself",
      { "apps/a.yaml": `${image}after: [a]` },
      ["after-cycle apps/a.yaml:2:9: 'a' waits for itself"],
    ],
    [
      "an app whose file is broken is still there",
      { "apps/db.yaml": "imag: x", "apps/a.yaml": `${image}after: [db]` },
      ["unknown-key apps/db.yaml:1:1"],
    ],
    [
      "three",
      {
        "apps/a.yaml": `${image}after: [b]`,
        "apps/b.yaml": `${image}after: [c]`,
        "apps/c.yaml": `${image}after: [a]`,
      },
      ["after-cycle apps/a.yaml:2:9: these wait for each other: a → b → c → a"],
    ],
  ]);
});

test("cycles: one through each knot, and none where there is none", () => {
  const of = (edges: Readonly<Record<string, readonly string[]>>): readonly string[] =>
    cyclesOf(new Map(Object.entries(edges))).map((cycle) => cycle.join(" "));
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ a: ["b", "c"], b: ["c"], c: [] }), []);
  assert.deepEqual(of({ a: ["gone"] }), []);
  assert.deepEqual(of({ a: ["b"], b: ["a"], c: ["a", "d"], d: ["c"] }), ["a b", "c d"]);
  const chain = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`n${i}`, [`n${(i + 1) % 20_000}`]]),
  );
  assert.equal(cyclesOf(new Map(Object.entries(chain)))[0]?.length, 20_000);
});

test("ports of a machine are taken once", async () => {
  const publish = (one: string, other: string, machine = ""): Files => ({
    "machines/web-1.yaml": `address: 203.0.113.1\n${machine}`,
    "apps/a.yaml": `${image}publish: ["${one}"]`,
    "apps/b.yaml": `${image}publish: ["${other}"]`,
  });
  const clash = ["port-clash apps/b.yaml:2:11"];
  const privately = "privateAddress: 10.0.0.1\n";
  await holds([
    ["the same", publish("80:80", "80:8080"), clash],
    ["another port", publish("80:80", "81:80"), []],
    ["another protocol", publish("53:53", "53:53/udp"), []],
    ["ranges that overlap", publish("8000-8010:8000-8010", "8010-8020:8010-8020"), clash],
    ["ranges side by side", publish("8000-8009:8000-8009", "8010-8020:8010-8020"), []],
    ["public is every address", publish("public:80:80", "local:80:80"), clash],
    ["0.0.0.0 as well", publish("0.0.0.0:80:80", "local:80:80"), clash],
    ["private and local with a private address", publish("80:80", "local:80:80", privately), []],
    ["private and local without", publish("80:80", "local:80:80"), clash],
    ["the private address by itself", publish("80:80", "10.0.0.1:80:80", privately), clash],
    ["two addresses", publish("10.0.0.1:80:80", "10.0.0.2:80:80"), []],
    [
      "on two machines",
      {
        ...web2,
        "apps/a.yaml": `${image}machines: web-1\npublish: ["80:80"]`,
        "apps/b.yaml": `${image}machines: web-2\npublish: ["80:80"]`,
      },
      [],
    ],
    [
      "on one machine only",
      {
        ...web2,
        "apps/a.yaml": `${image}machines: all\npublish: ["80:80"]\nperMachine: { web-2: { publish: ["81:80"] } }`,
        "apps/b.yaml": `${image}machines: web-2\npublish: ["80:80"]`,
      },
      [],
    ],
    [
      "two entries of one app",
      { "apps/a.yaml": `${image}publish: ["80:80", "80:81"]` },
      ["port-clash apps/a.yaml:2:20"],
    ],
    [
      "an app without instances holds nothing",
      {
        "apps/a.yaml": `${image}instances: 0\npublish: ["80:80"]`,
        "apps/b.yaml": `${image}publish: ["80:80"]`,
      },
      [],
    ],
    [
      "the host's network",
      {
        "apps/a.yaml": `${image}network: host\nport: 80`,
        "apps/b.yaml": `${image}publish: ["80:8080"]`,
      },
      clash,
    ],
    [
      "two instances",
      { "apps/a.yaml": `${image}instances: 2\npublish: ["80:80"]` },
      ["port-clash apps/a.yaml:3:11: 2 instances on one machine cannot all have its port 80"],
    ],
    [
      "two instances on the host's network",
      { "apps/a.yaml": `${image}instances: 2\nnetwork: host\nport: { http: 80 }` },
      ["port-clash apps/a.yaml:4:1"],
    ],
    [
      "sshd's port",
      {
        "machines/web-1.yaml": "address: 10.0.0.1\nssh: { port: 2222 }",
        "apps/a.yaml": `${image}publish: ["2200-2300:2200-2300"]`,
      },
      ["port-of-sshd apps/a.yaml:2:11"],
    ],
    ["sshd's port, on loopback only", { "apps/a.yaml": `${image}publish: ["local:22:22"]` }, []],
  ]);
});

test("private ports are wanted by whoever is after their app", async () => {
  const files = (db: string, apps: Files): Files => ({
    "machines/db-1.yaml": db,
    "apps/db.yaml": `${image}machines: db-1\npublish: ["5432:5432"]`,
    ...apps,
  });
  const shop = { "apps/shop.yaml": `${image}machines: web-1\nafter: [db]` };
  await holds([
    [
      "a public machine",
      files("address: 203.0.113.1", shop),
      ["private-unreachable apps/shop.yaml:3:9: warning:"],
    ],
    ["with a private address", files("address: 203.0.113.1\nprivateAddress: 10.0.0.2", shop), []],
    ["an address that is private itself", files("address: 10.0.0.2", shop), []],
    [
      "on the same machine",
      files("address: 203.0.113.1", { "apps/shop.yaml": `${image}machines: db-1\nafter: [db]` }),
      [],
    ],
    [
      "not after it",
      files("address: 203.0.113.1", { "apps/shop.yaml": `${image}machines: web-1` }),
      [],
    ],
  ]);
});

test("health, images, commands and limits that cannot be", async () => {
  await holds([
    [
      "a port's name",
      { "apps/a.yaml": `${image}port: { http: 80 }\nhealth: { tcp: true, port: htpp }` },
      ["health-without-port apps/a.yaml:3:28: the app has no port named 'htpp'"],
    ],
    ["a port of health's own", { "apps/a.yaml": `${image}health: { tcp: true, port: 80 }` }, []],
    [
      "a probe that merged with another",
      {
        "slipway.yaml": "fleet: a\ndefaults: { app: { health: { http: /up } } }",
        "apps/a.yaml": `${image}health: { command: [x] }`,
      },
      [
        "health-unclear apps/a.yaml:2:11: health has http and command; keep one (null unsets one from below)",
      ],
    ],
    ["only times", { "apps/a.yaml": `${image}health: { deadline: 5m }` }, []],
    ["no image where nothing runs", { "apps/a.yaml": "instances: 0" }, []],
    [
      "no image where something runs on one machine",
      { "apps/a.yaml": "instances: 0\nperMachine: { web-1: { instances: 1 } }" },
      ["image-missing apps/a.yaml:1:1"],
    ],
    ["an image on each machine", { "apps/a.yaml": "perMachine: { web-1: { image: b } }" }, []],
    [
      "a release without an image",
      { "apps/a.yaml": "instances: 0\nrelease: { command: [x] }" },
      ["image-missing apps/a.yaml:2:1"],
    ],
    [
      "one service without an image",
      { "apps/a.yaml": "services: { b: { image: x }, c: {} }" },
      ["image-missing apps/a.yaml:1:30: app 'a-c' has no image"],
    ],
    [
      "commands",
      { "apps/a.yaml": `${image}command: ' '\nentrypoint: []\nhealth: { command: "a 'b" }` },
      [
        "bad-command apps/a.yaml:2:10",
        "bad-command apps/a.yaml:3:1",
        "bad-command apps/a.yaml:4:20",
      ],
    ],
    [
      "the same release for all services",
      { "apps/a.yaml": `${image}release: { command: [x] }\nservices: { b: {}, c: {} }` },
      [],
    ],
    [
      "other releases in services",
      {
        "apps/a.yaml": `${image}release: { command: [x] }\nservices: { b: { release: { command: [y] } }, c: { image: c, release: { deadline: 1m } } }`,
      },
      [],
    ],
    [
      "a release beside services of one image",
      {
        "apps/a.yaml": "release: { command: [x] }\nservices: { b: { image: x }, c: { image: x } }",
      },
      [],
    ],
    [
      "a release that services of several images share",
      {
        "apps/a.yaml": "release: { command: [x] }\nservices: { b: { image: x }, c: { image: y } }",
      },
      [
        "release-unclear apps/a.yaml:1:1: in which image? app 'a' has no image beside it, and its services have several (x, y); move release into the service it belongs to",
      ],
    ],
    [
      "a release that one of them does without",
      {
        "apps/a.yaml":
          "release: { command: [x] }\nservices: { b: { image: x }, c: { image: y, release: null } }",
      },
      [],
    ],
    [
      "a release in whose image nothing runs",
      { "apps/a.yaml": `${image}release: { command: [x] }\nservices: { b: { image: x } }` },
      [
        "release-unclear apps/a.yaml:2:1: in which image? no service of app 'a' runs a, so it would never run; move release into the service it belongs to",
      ],
    ],
    [
      "memory",
      {
        "apps/a.yaml": `${image}resources: { memory: 64m, memoryReservation: 128m, memorySwap: 32m }`,
      },
      ["bad-resources apps/a.yaml:2:46", "bad-resources apps/a.yaml:2:64"],
    ],
    [
      "swap alone",
      { "apps/a.yaml": `${image}resources: { memorySwap: 32m }` },
      ["bad-resources apps/a.yaml:2:26"],
    ],
    [
      "no limit",
      {
        "apps/a.yaml": `${image}ulimits: { memlock: -1, nofile: { soft: 1, hard: -1 }, nproc: { soft: -1, hard: 5 } }`,
      },
      ["bad-ulimit apps/a.yaml:2:56"],
    ],
  ]);
});

test("shells and templates that do nothing are told", async () => {
  const app = async (text: string): Promise<readonly string[]> =>
    (await told(repo({ "apps/a.yaml": `${image}${text}\n` }))).map(
      (one) => one.split(" ")[0] ?? "",
    );
  const nothing = [
    "command: serve --sep='|'",
    'command: ["a", "|", "b"]',
    `command: sh -c "a | b && c > d"`,
    "env: { A: $X, B: '$(x)', C: '{ a: b }', D: '$${ }' }",
  ];
  for (const text of nothing) assert.deepEqual(await app(text), [], text);
  for (const word of ["|", "||", "&&", "&", ";", ">", ">>", "2>&1", "2>", "<"])
    assert.deepEqual(await app(`command: "a ${word} b"`), ["no-shell"], word);
  assert.deepEqual(await app("command: a; b"), ["no-shell"]);
  assert.deepEqual(await app("entrypoint: a | b\nhealth: { command: a || b }"), [
    "no-shell",
    "no-shell",
  ]);
  for (const value of ["${X}", "a ${X:-y} b", "{{ x }}", "{{x}}-{{y}}"])
    assert.deepEqual(await app(`env: { A: "${value}" }`), ["not-interpolated"], value);
});

test("machines that cannot be told apart, or reached", async () => {
  const machine = (text: string): Files => ({ "machines/m.yaml": text });
  await holds([
    [
      "the same address behind another port",
      machine("address: 10.0.0.11\nssh: { port: 2222 }"),
      [],
    ],
    [
      "the same address behind a jump host",
      machine("address: 10.0.0.11\nssh: { jump: web-1 }"),
      [],
    ],
    [
      "the same private address",
      {
        "machines/a.yaml": "address: 10.0.1.1\nprivateAddress: 10.0.0.1",
        "machines/b.yaml": "address: 10.0.1.2\nprivateAddress: 10.0.0.1",
      },
      ["duplicate-address machines/b.yaml:2:17"],
    ],
    [
      "no IP address",
      machine("address: 10.0.0.1\nprivateAddress: 10.0.0.256"),
      ["bad-private-address machines/m.yaml:2:17: privateAddress 10.0.0.256 is not an IP address"],
    ],
    [
      "an address of the private network twice, whatever else is their private one",
      {
        "machines/a.yaml":
          "address: 203.0.113.1\nprivateAddress: 10.0.0.1\nwireguard: { address: 10.90.0.1/24 }",
        "machines/b.yaml": "address: 203.0.113.2\nwireguard: { address: 10.90.0.1/24 }",
      },
      ["duplicate-address machines/b.yaml:2:23"],
    ],
    [
      "private networks that are none, others, or the way to the machine",
      {
        "machines/a.yaml": "address: 203.0.113.1\nwireguard: { address: 10.90.0.1/24 }",
        "machines/b.yaml": "address: 203.0.113.2\nwireguard: { address: 10.90.1.2/24 }",
        "machines/c.yaml": "address: 203.0.113.3\nwireguard: { address: 10.90.0.300/24 }",
        "machines/d.yaml": "address: 203.0.113.4\nwireguard: { address: 10.90.0.4/32 }",
        "machines/e.yaml": "address: 10.90.0.77\nwireguard: { address: 10.90.0.5/24 }",
      },
      [
        "bad-private-address machines/b.yaml:2:23: 10.90.1.2/24 is not in the network of machine 'a' (machines/a.yaml:2)",
        "bad-private-address machines/c.yaml:2:23: wireguard's address 10.90.0.300/24 is not an address with a prefix",
        "bad-private-address machines/d.yaml:2:23: wireguard's address 10.90.0.4/32 says no network that has room for others, such as /24",
        "bad-private-address machines/e.yaml:2:23: 10.90.0.5/24 is the network in which the machine itself is reached, at 10.90.0.77",
      ],
    ],
    [
      "a private network of IPv6",
      machine("address: 203.0.113.1\nwireguard: { address: fd00::1/64 }"),
      ["bad-format machines/m.yaml:2:23"],
    ],
    [
      "a private network",
      {
        "machines/a.yaml": "address: 203.0.113.1\nwireguard: { address: 10.90.0.1/24 }",
        "machines/b.yaml":
          "address: 203.0.113.2\nprivateAddress: 10.90.0.2\nwireguard: { address: 10.90.0.2/24, port: 51999 }",
      },
      [],
    ],
    [
      "a jump to itself",
      machine("address: 10.0.0.1\nssh: { jump: m }"),
      ["jump-cycle machines/m.yaml:2:14"],
    ],
    ["a name for an address", machine("address: m.example.com"), []],
    ["an IPv6 address", machine("address: fd00::1"), []],
    [
      "an address with a user",
      machine("address: root@10.0.0.1"),
      ["bad-format machines/m.yaml:1:10"],
    ],
    [
      "an address with a port",
      machine("address: 10.0.0.1:22"),
      ["bad-format machines/m.yaml:1:10"],
    ],
  ]);
});

test("mounts have places of their own", async () => {
  const one = (text: string): Files => ({
    "apps/a/app.yaml": image + text,
    "apps/a/x": "x",
    "apps/a/y/z": "z",
  });
  await holds([
    ["a file in a volume", one("volumes: { data: /srv }\nfiles: { /srv/x: x }"), []],
    [
      "a file in a shipped folder",
      one("files: { /srv: y, /srv/x: x }"),
      ["mount-clash apps/a/app.yaml:2:27: /srv/x lies below /srv, which comes from the repo"],
    ],
    [
      "a volume in a shipped folder",
      one("files: { /srv: y }\nvolumes: { data: /srv/a/b }"),
      ["mount-clash apps/a/app.yaml:3:18"],
    ],
    [
      "the same by another spelling",
      one("files: { /srv/x: x }\ntmpfs: ['/srv//x/:size=1m']"),
      ["mount-clash apps/a/app.yaml:3:9: /srv/x is mounted twice"],
    ],
    ["a sibling", one("files: { /srv: y, /srv-2/x: x }"), []],
    [
      "the names",
      one("files: { /etc/hosts: x }"),
      ["mount-clash apps/a/app.yaml:2:22: /etc/hosts is written by Slipway"],
    ],
    [
      "the same volume in two services",
      one("services: { b: { volumes: { data: /x } }, c: { volumes: ['data:/y:ro'] } }"),
      [],
    ],
    [
      "one folder of the machine in two apps",
      {
        "apps/a.yaml": `${image}volumes: { /srv: /x }`,
        "apps/b.yaml": `${image}volumes: { /srv: /x }`,
      },
      [],
    ],
  ]);
});

test("perMachine and services hold what can differ", async () => {
  await holds([
    [
      "machines on a machine",
      {
        "apps/a.yaml": `${image}perMachine: { web-1: { machines: all, release: { command: [x] } } }`,
      },
      ["not-per-machine apps/a.yaml:2:34", "not-per-machine apps/a.yaml:2:39"],
    ],
    [
      "a machine that one service runs on",
      {
        ...web2,
        "apps/a.yaml": `${image}machines: web-1\nservices: { b: {}, c: { machines: web-2 } }\nperMachine: { web-2: { instances: 2 } }`,
      },
      [],
    ],
    [
      "renamed from itself",
      { "apps/a.yaml": `${image}renamedFrom: a` },
      ["renamed-from-declared apps/a.yaml:2:14: an app cannot be renamed from itself"],
    ],
    [
      "renamed from an app that is still there",
      { "apps/a.yaml": image, "apps/b.yaml": `${image}renamedFrom: a` },
      ["renamed-from-declared apps/b.yaml:2:14: app 'a' is still there"],
    ],
    [
      "renamed from a service",
      {
        "apps/a.yaml": `${image}services: { web: {} }`,
        "apps/b.yaml": `${image}renamedFrom: a-web`,
      },
      ["renamed-from-declared apps/b.yaml:2:14: app 'a-web' is still there"],
    ],
    [
      "two renamed from one",
      { "apps/a.yaml": `${image}renamedFrom: old`, "apps/b.yaml": `${image}renamedFrom: old` },
      ["renamed-from-declared apps/b.yaml:2:14: app 'a' is renamed from 'old' as well"],
    ],
  ]);
});
