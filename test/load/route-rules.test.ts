import assert from "node:assert/strict";
import { test } from "node:test";
import { armoredYaml, repo, told, type Files } from "./repos.ts";

const image = "image: a\n";
const web2 = { "machines/web-2.yaml": "address: 10.0.0.12\nlabels: { role: web }\n" };
const edge = { "machines/edge.yaml": "address: 10.0.0.13\nlabels: { role: edge }\n" };

type Case = readonly [name: string, files: Files, findings: readonly string[]];

/** Each repo with the findings that it must have: the start of each, in order. */
async function holds(cases: readonly Case[]): Promise<void> {
  for (const [name, files, expected] of cases) {
    const findings = await told(repo(files));
    const fits =
      findings.length === expected.length &&
      findings.every((one, i) => one.startsWith(expected[i] ?? "?"));
    const [wanted, got] = [expected, findings].map((list) => list.join("\n         "));
    assert.ok(fits, `${name}\n  wanted ${wanted}\n  got    ${got}`);
  }
}

const app = (text: string, more: Files = {}): Files => ({
  "apps/a.yaml": `${image}${text}\n`,
  ...more,
});
const both = (a: string, b: string, more: Files = {}): Files => ({
  ...app(a, more),
  "apps/b.yaml": `${image}${b}\n`,
});
const routes = (...all: readonly string[]): string =>
  `port: { http: 8080, admin: 8081 }\nroutes: [${all.map((one) => `{ ${one} }`).join(", ")}]`;

test("a route leads to a port, or elsewhere", async () => {
  const clear = "route-unclear apps/a.yaml:";
  await holds([
    ["the first port", app(routes("host: a.b")), []],
    ["another one", app(routes("host: a.b, port: admin")), []],
    [
      "one that is not there",
      app(routes("host: a.b, port: amin")),
      ["unknown-port apps/a.yaml:3:29: the app has no port named 'amin' (did you mean 'admin'?)"],
    ],
    [
      "a name where there is none",
      app("port: 80\nroutes: [{ host: a.b, port: http }]"),
      ["unknown-port apps/a.yaml:3:29: there is no port 'http': the app's only one has no name"],
    ],
    ["no port", app("routes: [{ host: a.b }]"), ["route-without-port apps/a.yaml:2:10"]],
    ["a redirect needs none", app("routes: [{ host: a.b, redirect: 'https://c.d' }]"), []],
    [
      "tcp",
      app(`${routes("host: a.b")}\nprotocol: tcp`),
      [`${clear}3:10: routes are for http, and protocol says that port http is tcp`],
    ],
    ["tcp elsewhere", app(`${routes("host: a.b")}\nprotocol: { admin: tcp }`), []],
    [
      "what a redirect does not do",
      app(routes("host: a.b, redirect: 'https://c.d', port: http, stripPath: true")),
      [`${clear}3:54`, `${clear}3:71`],
    ],
    [
      "to itself",
      app(routes("host: a.b, redirect: 'https://A.b/'")),
      [`${clear}3:33: a.b would be sent to itself`],
    ],
    [
      "to itself without tls",
      app(routes("host: a.b, tls: off, redirect: 'http://a.b'")),
      [`${clear}3:43`],
    ],
    ["from http to https", app(routes("host: a.b, tls: off, redirect: 'https://a.b'")), []],
    ["to another port", app(routes("host: a.b, redirect: 'https://a.b:8443'")), []],
    [
      "all below a domain to one below it",
      app(routes("host: '*.a.b', tls: off, redirect: 'http://www.a.b'")),
      [`${clear}3:47`],
    ],
    [
      "which has a route",
      app(routes("host: '*.a.b', tls: off, redirect: 'http://www.a.b'", "host: www.a.b, tls: off")),
      [],
    ],
  ]);
});

test("a host and path belong to one app", async () => {
  const clash = ["route-clash apps/b.yaml:3:10"];
  const of = (...all: readonly string[]): string => routes(...all);
  await holds([
    ["two hosts", both(of("host: a.b"), of("host: c.d")), []],
    ["two paths", both(of("host: a.b"), of("host: a.b, path: /c")), []],
    [
      "one",
      both(of("host: a.b"), of("host: a.b")),
      [`${clash[0] ?? ""}: a.b leads to app 'a' already (apps/a.yaml:3)`],
    ],
    [
      "in capitals",
      both(of("host: a.b, path: /C"), of("host: A.B, path: /C/")),
      [`${clash[0] ?? ""}: a.b/C leads`],
    ],
    ["paths have case", both(of("host: a.b, path: /C"), of("host: a.b, path: /c")), []],
    ["one of several hosts", both(of("host: [a.b, c.d]"), of("host: [e.f, c.d]")), clash],
    ["a wildcard is another host", both(of("host: '*.b', tls: off"), of("host: a.b")), []],
    [
      "on different machines",
      both(`machines: web-1\n${of("host: a.b")}`, `machines: web-2\n${of("host: a.b")}`, web2),
      ["route-clash apps/b.yaml:4:10"],
    ],
    [
      "twice in one app",
      app(of("host: a.b", "host: a.b, gzip: true")),
      ["route-clash apps/a.yaml:3:25: a.b is routed already (apps/a.yaml:3)"],
    ],
    [
      "the very same twice in one app",
      app(of("host: a.b", "host: a.b")),
      ["route-clash apps/a.yaml:3:25"],
    ],
    [
      "inherited by services",
      app(`${of("host: a.b")}\nlisten: off\nservices: { x: {}, y: {} }`),
      [
        "route-clash apps/a.yaml:3:10: a.b would lead to both 'a-x' and 'a-y'; move routes into the service",
      ],
    ],
    [
      "of one service",
      app(`port: 80\nservices: { x: { routes: [{ host: a.b }] }, y: { port: null } }`),
      [],
    ],
    [
      "other on one machine",
      app(
        `machines: all\n${of("host: a.b")}\nperMachine: { web-2: { routes: [{ host: a.b, port: admin }] } }`,
        web2,
      ),
      [],
    ],
    [
      "other on one machine, but behind one proxy",
      app(
        `machines: { role: web }\n${of("host: a.b, via: edge")}\nperMachine: { web-2: { routes: [{ host: a.b, via: edge, port: admin }] } }`,
        { ...web2, ...edge },
      ),
      ["route-clash apps/a.yaml:5:33"],
    ],
  ]);
});

test("a host has one certificate, which somebody issues", async () => {
  const secrets = { "secrets/a.yaml": armoredYaml("C", "K", "D") };
  const own = "tls: { cert: C, key: K }";
  const dns = {
    "slipway.yaml": "fleet: acme\ncertificates: { challenge: dns }\n",
  };
  await holds([
    ["auto for all paths", app(routes("host: a.b", "host: a.b, path: /c")), []],
    [
      "one's own for all",
      app(routes(`host: a.b, ${own}`, `host: a.b, path: /c, ${own}`), secrets),
      [],
    ],
    [
      "called in two ways",
      both(
        routes(`host: a.b, ${own}`),
        routes("host: a.b, path: /c, tls: { cert: a.C, key: a.K }"),
        secrets,
      ),
      [],
    ],
    [
      "two",
      app(routes(`host: a.b, ${own}`, "host: a.b, path: /c, tls: { cert: D, key: K }"), secrets),
      ["certificate-unclear apps/a.yaml:3:74: a.b has another certificate already (apps/a.yaml:3)"],
    ],
    [
      "one's own, and auto by default",
      app(routes(`host: a.b, ${own}`, "host: a.b, path: /c"), secrets),
      ["certificate-unclear apps/a.yaml:3:51"],
    ],
    [
      "none for one path",
      app(routes(`host: a.b, ${own}`, "host: a.b, path: /c, tls: off"), secrets),
      [],
    ],
    [
      "one that is not there",
      app(routes("host: a.b, tls: { cert: C, key: L }"), secrets),
      ["unknown-secret apps/a.yaml:3:44: there is no secret 'L'"],
    ],
    [
      "half of one",
      app(routes("host: a.b, tls: { cert: C }"), secrets),
      ["missing-key apps/a.yaml:3:23: routes.0.tls needs 'key'"],
    ],
    [
      "a wildcard over http",
      app(routes("host: '*.a.b'")),
      ["certificate-unclear apps/a.yaml:3:10"],
    ],
    ["a wildcard over DNS", app(routes("host: '*.a.b'"), dns), []],
    ["a wildcard of one's own", app(routes(`host: '*.a.b', ${own}`), secrets), []],
    ["a wildcard without", app(routes("host: '*.a.b', tls: off")), []],
  ]);
});

test("routes stand on machines that there are, and reach the app from there", async () => {
  const closed = { ...edge, "machines/web-1.yaml": "address: 203.0.113.1\n" };
  const via = (more = ""): string =>
    `machines: web-1\n${routes("host: a.b, via: { role: edge }")}\n${more}`;
  const settings = { "slipway.yaml": "fleet: acme\nproxy: { via: { role: edge } }\n" };
  const unreachable =
    "route-unreachable apps/a.yaml:4:10: the proxy of edge cannot reach app 'a' on web-1";
  await holds([
    ["a choice", app(via(), edge), []],
    [
      "that matches nothing",
      app(via(), { "machines/web-2.yaml": "address: 10.0.0.9\n" }),
      ["selector-matches-nothing apps/a.yaml:4:23: no machine has role: edge"],
    ],
    [
      "a name that is none",
      app(routes("host: a.b, via: edgy"), {}),
      ["unknown-machine apps/a.yaml:3:28: there is no machine 'edgy'"],
    ],
    [
      "the fleet's matches nothing",
      { ...settings },
      ["selector-matches-nothing slipway.yaml:2:10"],
    ],
    ["no private address", app(via(), closed), [`${unreachable}, which has no privateAddress`]],
    [
      "no private address, by the fleet's choice",
      app(`machines: web-1\n${routes("host: a.b")}`, { ...closed, ...settings }),
      [unreachable],
    ],
    [
      "the edge's own app needs none",
      app(`machines: edge\n${routes("host: a.b, via: edge")}`, {
        "machines/edge.yaml": "address: 203.0.113.2\n",
      }),
      [],
    ],
    [
      "it does not listen",
      app(via("listen: off"), edge),
      [`${unreachable}: listen leaves it without a number`],
    ],
    ["its other port does not", app(via("listen: { admin: off }"), edge), []],
    [
      "it is published",
      app(via("publish: ['8080:8080']"), edge),
      [`${unreachable}: publish takes the place`],
    ],
    ["published, and yet", app(via("publish: ['8080:8080']\nlisten: { http: 8082 }"), edge), []],
    [
      "on the host's network",
      app(via("network: host"), edge),
      [`${unreachable}: with network: host`],
    ],
    ["no instance", app(via("instances: 0\nlisten: off"), edge), []],
    [
      "a redirect asks nobody",
      app("machines: web-1\nroutes: [{ host: a.b, redirect: 'https://c.d', via: edge }]", closed),
      [],
    ],
    [
      "routes have its port there",
      app("machines: web-1\nport: 80\nroutes: [{ host: a.b, via: edge }, { host: c.d }]", edge),
      [
        "route-unreachable apps/a.yaml:4:10: the proxy of edge cannot reach app 'a' on web-1: port 80 is taken there",
      ],
    ],
  ]);
});

test("numbers that are asked for are taken once on a machine, but by http", async () => {
  const clash = "port-clash apps/b.yaml:";
  const tcp = "port: 80\nlisten: 8080";
  const http = `${tcp}\nprotocol: http`;
  const closed = { "machines/web-1.yaml": "address: 203.0.113.1\n" };
  const under = "the fleet would reach app 'b' under port 8080 of web-1, which is taken by app 'a'";
  const [onOne, onTwo] = ["machines: web-1\n", "machines: web-2\n"];
  const elsewhere = "perMachine: { web-2: { listen: 81 } }";
  await holds([
    [
      "tcp",
      both(tcp, tcp),
      [
        `${clash}3:9: ${under} (apps/a.yaml:3), and only http can share one; say another number with listen, or listen: off`,
      ],
    ],
    ["http", both(http, http), []],
    ["http and tcp", both(http, tcp), [`${clash}3:9`]],
    ["tcp and http", both(tcp, http), [`${clash}3:9`]],
    [
      "not asked for",
      both("port: 8080", "port: 8080", { "slipway.yaml": "fleet: a\nproxy: {}\n" }),
      [],
    ],
    ["one is not asked for", both(tcp, "port: 8080"), []],
    ["another machine", both(onOne + http, onTwo + tcp, web2), []],
    ["another number on one", both(`machines: all\n${http}\n${elsewhere}`, onTwo + tcp, web2), []],
    ["no instances", both(http, `${tcp}\ninstances: 0`), []],
    [
      "two of one app",
      app("port: { a: 80, b: 81 }\nlisten: { a: 82, b: 82 }"),
      ["port-clash apps/a.yaml:3:21: another port of app 'a' has 82 already"],
    ],
    [
      "a published port",
      both("publish: ['8080:1']", http),
      [`${clash}3:9: ${under} (apps/a.yaml:2); say`],
    ],
    ["a published port on loopback", both("publish: ['local:8080:1']", http), []],
    [
      "on loopback, which is all there is",
      both("publish: ['local:8080:1']", http, closed),
      [clash],
    ],
    ["one over udp", both("publish: ['8080:1/udp']", http), []],
    ["the host's network", both("network: host\nport: 8080", http), [clash]],
    [
      "sshd's",
      app("port: 80\nlisten: 22"),
      [
        "port-clash apps/a.yaml:3:9: the fleet would reach app 'a' under port 22 of web-1, where sshd is; say another number",
      ],
    ],
    ["sshd's own", app("port: { http: 80, git: 22 }\nlisten: { http: 8080 }"), []],
  ]);
});

test("routes have their ports for themselves", async () => {
  const routed = routes("host: a.b");
  const first = "port 80 of web-1 is taken by the proxy, for routes (apps/a.yaml:3)";
  const sshd = { "machines/web-1.yaml": "address: 10.0.0.1\nssh: { port: 443 }\n" };
  const wide = "machines: all\nport: 80\nroutes: [{ host: a.b }]";
  const taken = "listen-taken apps/a.yaml:3:7: warning: port 80 of web-1";
  await holds([
    [
      "published",
      both(routed, "publish: ['public:80:80', '443:443', '81:80', '80:80/udp']"),
      [`port-clash apps/b.yaml:2:11: ${first}`, "port-clash apps/b.yaml:2:27: port 443"],
    ],
    [
      "on another machine",
      both(`machines: web-1\n${routed}`, "machines: web-2\npublish: ['public:80:80']", web2),
      [],
    ],
    ["on loopback", both(routed, "publish: ['local:80:80']"), ["port-clash apps/b.yaml:2:11"]],
    [
      "the host's network",
      both(routed, "network: host\nport: 80"),
      [`port-clash apps/b.yaml:3:7: ${first}`],
    ],
    [
      "asked for",
      both(routed, "port: 80\nlisten: 80"),
      [
        "port-clash apps/b.yaml:3:9: the fleet would reach app 'b' under port 80 of web-1, which is taken by the proxy, for routes (apps/a.yaml:3); say",
      ],
    ],
    ["an app's own port", app("port: 80\nroutes: [{ host: a.b }]"), []],
    ["not asked for", both(routed, "port: 80"), []],
    [
      "on several machines",
      app(wide, web2),
      [
        `${taken} and 1 more machine is taken, so other machines cannot reach app 'a' there; say another number`,
      ],
    ],
    ["on several machines, with a number", app(`${wide}\nlisten: 8080`, web2), []],
    [
      "on several machines, behind an edge",
      app("machines: { role: web }\nport: 80\nroutes: [{ host: a.b, via: edge }]", {
        ...web2,
        ...edge,
      }),
      [],
    ],
    [
      "where sshd is",
      app(routed, sshd),
      ["port-clash apps/a.yaml:3:10: routes need port 443 of web-1, where sshd is"],
    ],
  ]);
});

test("who names an app with its port wants to reach it", async () => {
  const db = "address: 203.0.113.1\n";
  const files = (env: string, machine = db, more = ""): Files => ({
    "machines/db-1.yaml": machine,
    "apps/db.yaml": `${image}machines: db-1\nport: 5432\n${more}`,
    "apps/a.yaml": `${image}machines: web-1\nlisten: off\nprotocol: tcp\nenv: { URL: "${env}" }\n`,
  });
  const open = `${db}privateAddress: 10.0.0.9\n`;
  const unreached = "private-unreachable apps/a.yaml:5:13: warning: app 'db' is not reached";
  const found = [
    "private-unreachable apps/a.yaml:5:13: warning: app 'db' listens under 5432 on db-1, which has no privateAddress: 'a' on web-1 cannot reach it there",
  ];
  await holds([
    ["by its number", files("postgres://u@db:5432/x"), found],
    ["alone", files("db:5432"), found],
    ["another number", files("db:54321"), []],
    ["another host", files("my.db:5432 xdb:5432 db.x:5432"), []],
    ["it has a private address", files("db:5432", `${db}privateAddress: 10.0.0.9\n`), []],
    [
      "no number",
      files("db:5432", db, "listen: off\n"),
      [
        "private-unreachable apps/a.yaml:5:13: warning: app 'db' is not reached under 5432, as listen says otherwise: 'a' on web-1 cannot talk to it",
      ],
    ],
    ["another number", files("db:5432", open, "listen: 5433\n"), [unreached]],
    [
      "a number that is taken",
      { ...files("db:5432", open), "apps/pg.yaml": `${image}machines: db-1\nport: 5432\n` },
      [
        "private-unreachable apps/a.yaml:5:13: warning: app 'db' is not reached under 5432, as 5432 is taken on db-1",
      ],
    ],
    [
      "a service of its own that is called so",
      {
        ...files("x", open, "listen: off\n"),
        "apps/a.yaml": `${image}machines: web-1\nport: 5432\nservices: { db: {}, x: { env: { A: "db:5432" } } }\n`,
      },
      ["service-hides-name"],
    ],
    ["a port that it does not have", files("db:80", open, "listen: off\n"), []],
    ["on the host's network", files("db:5432", open, "network: host\n"), []],
    [
      "published",
      files("db:5432", db, "publish: ['5432:5432']\n"),
      ["private-unreachable apps/a.yaml:5:13: warning: app 'db' publishes 5432"],
    ],
    ["published to all", files("db:5432", db, "publish: ['public:5432:5432']\n"), []],
  ]);
});

test("numbers, canaries and networks that mean nothing", async () => {
  const http = "port: 80\nprotocol: http\n";
  const trust = (text: string): Files => ({
    "slipway.yaml": `fleet: acme\nproxy: { trust: [${text}] }\n`,
  });
  await holds([
    ["a number without a port", app("listen: { a: 80 }"), ["listen-unclear apps/a.yaml:2:1"]],
    ["off without a port", app("listen: off"), []],
    [
      "a number on the host's network",
      app("network: host\nport: 80\nlisten: 81"),
      ["listen-unclear apps/a.yaml:4:9"],
    ],
    [
      "a canary of tcp",
      app("port: 80\ndeploy: { canary: 10%, maxErrors: 5% }"),
      ["canary-unclear apps/a.yaml:3:19", "canary-unclear apps/a.yaml:3:35"],
    ],
    ["a canary of http", app(`${http}deploy: { canary: 10%, maxErrors: 5% }`), []],
    [
      "one version at a time",
      app(`${http}deploy: { canary: { share: 10% }, strategy: stop-first }`),
      ["canary-unclear apps/a.yaml:4:11"],
    ],
    ["networks", { ...trust("10.0.0.0/8, '::/0', 192.0.2.1/32, '2001:db8::/128'") }, []],
    [
      "no networks",
      { ...trust("10.0.0.256/8, '::/129'") },
      [
        "bad-format slipway.yaml:2:18: 10.0.0.256/8 is not a network: its address is none",
        "bad-format slipway.yaml:2:32: ::/129 is not a network: it has more than 128 bits",
      ],
    ],
    [
      "an address",
      trust("10.0.0.1"),
      [
        "bad-format slipway.yaml:2:18: proxy.trust.0: '10.0.0.1' is not a network as ADDRESS/BITS such as 10.0.0.0/8",
      ],
    ],
  ]);
});
