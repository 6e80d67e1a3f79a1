import assert from "node:assert/strict";
import { test } from "node:test";
import * as adoptions from "../../src/load/rules/adoptions.ts";
import * as apps from "../../src/load/rules/apps.ts";
import { rules } from "../../src/load/rules/index.ts";
import * as certificates from "../../src/load/rules/certificates.ts";
import * as machineSettings from "../../src/load/rules/machine-settings.ts";
import * as firewall from "../../src/load/rules/firewall.ts";
import * as jobs from "../../src/load/rules/jobs.ts";
import * as logins from "../../src/load/rules/logins.ts";
import * as machines from "../../src/load/rules/machines.ts";
import * as mounts from "../../src/load/rules/mounts.ts";
import * as names from "../../src/load/rules/names.ts";
import * as ports from "../../src/load/rules/ports.ts";
import * as privatePorts from "../../src/load/rules/private-ports.ts";
import * as reach from "../../src/load/rules/reach.ts";
import * as references from "../../src/load/rules/references.ts";
import * as routes from "../../src/load/rules/routes.ts";
import * as secrets from "../../src/load/rules/secrets.ts";
import * as wireguard from "../../src/load/rules/wireguard.ts";
import type { FindingCode } from "../../src/load/codes.ts";
import { load } from "../../src/load/load.ts";
import { snapshotOf } from "../support/repo.ts";
import { armoredYaml, repo, told, type Files } from "./repos.ts";

type RuleName = keyof (typeof adoptions &
  typeof apps &
  typeof certificates &
  typeof machineSettings &
  typeof firewall &
  typeof jobs &
  typeof logins &
  typeof machines &
  typeof mounts &
  typeof names &
  typeof ports &
  typeof privatePorts &
  typeof reach &
  typeof references &
  typeof routes &
  typeof secrets &
  typeof wireguard);
type Told = readonly [files: Files, code: FindingCode, where: string];

const on = (where: string, text: string): string => `image: a\nmachines: ${where}\n${text}\n`;
const here = (text: string): Files => ({ "apps/a.yaml": on("web-1", text) });
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS";

const withSecret = (text: string): Files => ({
  ...here(text),
  "secrets/a.yaml": armoredYaml("B"),
  "secrets/tls/key.age": "x",
});

/** For each rule a repo in which it finds one thing. */
const cases: Readonly<Record<RuleName, Told>> = {
  addressesDiffer: [
    { "machines/m.yaml": "address: 10.0.0.11\n" },
    "duplicate-address",
    "machines/web-1.yaml:1:10",
  ],
  privateAddressesDiffer: [
    {
      "machines/a.yaml": "address: 10.0.1.1\nprivateAddress: 10.0.0.1\n",
      "machines/b.yaml": "address: 10.0.1.2\nprivateAddress: 10.0.0.1\n",
    },
    "duplicate-address",
    "machines/b.yaml:2:17",
  ],
  hostKeysDiffer: [
    {
      "machines/a.yaml": `address: 10.0.1.1\nhostKey: ${key}\n`,
      "machines/b.yaml": `address: 10.0.1.2\nhostKey: ${key}\n`,
    },
    "duplicate-host-key",
    "machines/b.yaml:2:10",
  ],
  hostKeysAreKeys: [
    { "machines/m.yaml": `address: 10.0.1.1\nhostKey: ${key.replace("ed25519", "rsa")}\n` },
    "bad-host-key",
    "machines/m.yaml:2:10",
  ],
  addressesAreAddresses: [
    { "machines/m.yaml": "address: 10.0.0.300\n" },
    "bad-format",
    "machines/m.yaml:1:10",
  ],
  openingsAreNetworksAndPorts: [
    {
      "machines/m.yaml":
        "address: 10.0.1.1\nfirewall: { allow: [{ port: 1, from: 10.0.0.0/33 }] }\n",
    },
    "bad-format",
    "machines/m.yaml:2:38",
  ],
  privateAddressesAreUsable: [
    { "machines/m.yaml": "address: 10.0.1.1\nprivateAddress: 127.0.0.1\n" },
    "bad-private-address",
    "machines/m.yaml:2:17",
  ],
  privateNetworkIsOne: [
    { "machines/m.yaml": "address: 10.0.1.1\nwireguard: { address: 10.90.0.1/32 }\n" },
    "bad-private-address",
    "machines/m.yaml:2:23",
  ],
  jumpsExist: [
    { "machines/m.yaml": "address: 10.0.1.1\nssh: { jump: nowhere }\n" },
    "unknown-jump",
    "machines/m.yaml:2:14",
  ],
  jumpsEnd: [
    { "machines/m.yaml": "address: 10.0.1.1\nssh: { jump: m }\n" },
    "jump-cycle",
    "machines/m.yaml:2:14",
  ],
  machineAftersExist: [
    { "machines/m.yaml": "address: 10.0.1.1\nafter: [nowhere]\n" },
    "unknown-after",
    "machines/m.yaml:2:9",
  ],
  machineAftersEnd: [
    { "machines/m.yaml": "address: 10.0.1.1\nafter: [m]\n" },
    "after-cycle",
    "machines/m.yaml:2:9",
  ],
  filesOfMachinesAreClear: [
    { "machines/m.yaml": "address: 10.0.1.1\nfiles: { /k: { mode: '0644' } }\n" },
    "missing-key",
    "machines/m.yaml:2:10",
  ],
  filesOfMachinesAreTheirs: [
    { "machines/m.yaml": "address: 10.0.1.1\nfiles: { /proc/x: x }\n", "machines/x": "x" },
    "path-taken",
    "machines/m.yaml:2:19",
  ],
  mountsOfMachinesHideNothing: [
    {
      "machines/m.yaml": "address: 10.0.1.1\nmounts: { /etc: { device: /dev/sdb, type: ext4 } }\n",
    },
    "path-taken",
    "machines/m.yaml:2:11",
  ],
  packagesOfMachinesDiffer: [
    { "machines/m.yaml": "address: 10.0.1.1\npackages: [htop, htop=1]\n" },
    "duplicate-item",
    "machines/m.yaml:2:18",
  ],
  timezonesExist: [
    { "machines/m.yaml": "address: 10.0.1.1\ntimezone: Europe/Berln\n" },
    "unknown-timezone",
    "machines/m.yaml:2:11",
  ],
  rebootsHaveTimes: [
    {
      "machines/m.yaml":
        'address: 10.0.1.1\nreboot: { window: { schedule: "0 0 30 2 *", for: 1h } }\n',
    },
    "bad-schedule",
    "machines/m.yaml:2:31",
  ],
  sshdIsClear: [
    { "machines/m.yaml": "address: 10.0.1.1\nsshd: { Match: all }\n" },
    "sshd-unclear",
    "machines/m.yaml:2:16",
  ],
  usersHaveWholeKeys: [
    { "machines/m.yaml": 'address: 10.0.1.1\nusers: { ada: { keys: ["ssh-rsa AAAA"] } }\n' },
    "bad-public-key",
    "machines/m.yaml:2:24",
  ],
  namesDiffer: [{ "apps/web-1.yaml": on("web-1", "") }, "name-clash", "apps/web-1.yaml:1:1"],
  namesAreShort: [here(`services: { ${"b".repeat(39)}: {} }`), "name-too-long", "apps/a.yaml:3:13"],
  servicesHideNothing: [here("services: { web-1: {} }"), "service-hides-name", "apps/a.yaml:3:13"],
  namesAreFree: [{ "apps/10.yaml": on("web-1", "") }, "reserved-name", "apps/10.yaml:1:1"],
  aftersExist: [here("after: [nothing]"), "unknown-after", "apps/a.yaml:3:9"],
  aftersEnd: [here("after: [a]"), "after-cycle", "apps/a.yaml:3:9"],
  perMachinesAreUsed: [
    here("perMachine: { nowhere: {} }"),
    "unknown-per-machine",
    "apps/a.yaml:3:15",
  ],
  wholeAppKeysStandOnce: [
    here("perMachine: { web-1: { after: [] } }"),
    "not-per-machine",
    "apps/a.yaml:3:24",
  ],
  renamedFromIsGone: [here("renamedFrom: a"), "renamed-from-declared", "apps/a.yaml:3:14"],
  releasesHaveAnImage: [
    here("services: { b: { image: b }, c: { image: c } }\nrelease: { command: [x] }"),
    "release-unclear",
    "apps/a.yaml:4:1",
  ],
  ownNamesAreFree: [here("env: { SLIPWAY_APP: a }"), "reserved-name", "apps/a.yaml:3:21"],
  imagesAreNamed: [{ "apps/a.yaml": "machines: web-1\n" }, "image-missing", "apps/a.yaml:1:1"],
  commandsAreWords: [here("command: a 'b"), "bad-command", "apps/a.yaml:3:10"],
  commandsHaveNoShell: [here("command: a | b"), "no-shell", "apps/a.yaml:3:10"],
  valuesAreNotFilledIn: [here('env: { A: "${A}" }'), "not-interpolated", "apps/a.yaml:3:11"],
  healthIsClear: [here("health: { tcp: true }"), "health-without-port", "apps/a.yaml:3:16"],
  resourcesAreConsistent: [here("resources: { memory: 1m }"), "bad-resources", "apps/a.yaml:3:22"],
  ulimitsAreConsistent: [
    here("ulimits: { nofile: { soft: 2, hard: 1 } }"),
    "bad-ulimit",
    "apps/a.yaml:3:12",
  ],
  jobsHaveTimes: [
    here('jobs: { x: { schedule: "0 3 15W * *" } }'),
    "bad-schedule",
    "apps/a.yaml:3:24",
  ],
  publishIsReadable: [here('publish: ["80-82:80"]'), "bad-publish", "apps/a.yaml:3:11"],
  portsDiffer: [here('publish: ["80:80", "80:81"]'), "port-clash", "apps/a.yaml:3:20"],
  instancesShareNoPort: [
    here('publish: ["80:80"]\ninstances: 2'),
    "port-clash",
    "apps/a.yaml:3:11",
  ],
  startFirstHoldsNoPort: [
    here('publish: ["80:80"]\ndeploy: { strategy: start-first }'),
    "start-first-holds-port",
    "apps/a.yaml:4:21",
  ],
  sshdKeepsItsPort: [here('publish: ["22:22"]'), "port-of-sshd", "apps/a.yaml:3:11"],
  proxiesLeaveSshdItsPort: [here("port: 3000\nlisten: 22"), "port-clash", "apps/a.yaml:4:9"],
  hostNetworkIsConsistent: [
    here('network: host\npublish: ["80:80"]'),
    "publish-on-host-network",
    "apps/a.yaml:4:1",
  ],
  privatePortsAreReachable: [
    {
      "machines/db-1.yaml": "address: 203.0.113.1\n",
      "apps/a.yaml": on("web-1", "after: [db]"),
      "apps/db.yaml": on("db-1", 'publish: ["5432:5432"]'),
    },
    "private-unreachable",
    "apps/a.yaml:3:9",
  ],
  namedPortsHaveNumbers: [
    {
      "machines/db-1.yaml": "address: 10.0.0.12\n",
      "apps/a.yaml": on("web-1", "protocol: tcp\nenv: { B: 'b:5432' }"),
      "apps/b.yaml": on("db-1", "port: 5432\nlisten: off"),
    },
    "private-unreachable",
    "apps/a.yaml:4:11",
  ],
  listensAreClear: [here("listen: 80"), "listen-unclear", "apps/a.yaml:3:9"],
  listensOfOneDiffer: [
    here("port: { a: 80, b: 81 }\nlisten: { a: 82, b: 82 }"),
    "port-clash",
    "apps/a.yaml:4:21",
  ],
  chosenProxiesReachApps: [
    {
      "machines/m.yaml": "address: 203.0.113.1\n",
      "apps/a.yaml": on("m", "port: 80\nroutes: [{ host: b.c, via: web-1 }]"),
    },
    "route-unreachable",
    "apps/a.yaml:4:10",
  ],
  routedAppsHaveNumbers: [
    {
      "machines/m.yaml": "address: 203.0.113.1\n",
      "apps/a.yaml": on("[m, web-1]", "port: 80\nroutes: [{ host: b.c }]"),
    },
    "listen-taken",
    "apps/a.yaml:3:7",
  ],
  canariesHaveRequests: [
    here("port: 80\ndeploy: { canary: 5% }"),
    "canary-unclear",
    "apps/a.yaml:4:19",
  ],
  redirectsOnlyRedirect: [
    here("routes: [{ host: b.c, redirect: 'https://d', gzip: false }]"),
    "route-unclear",
    "apps/a.yaml:3:52",
  ],
  redirectsLeadElsewhere: [
    here("routes: [{ host: b.c, redirect: 'https://b.c' }]"),
    "route-unclear",
    "apps/a.yaml:3:33",
  ],
  routesLeadToPorts: [
    here("port: { b: 81 }\nroutes: [{ host: b.c, port: c }]"),
    "unknown-port",
    "apps/a.yaml:4:29",
  ],
  portNamesExist: [
    here("port: { b: 81 }\nprotocol: { c: http }"),
    "unknown-port",
    "apps/a.yaml:4:16",
  ],
  routesDiffer: [
    {
      "apps/a.yaml": on("web-1", "port: 81\nroutes: [{ host: b.c }]"),
      "apps/b.yaml": on("web-1", "port: 82\nroutes: [{ host: B.c, path: / }]"),
    },
    "route-clash",
    "apps/b.yaml:4:10",
  ],
  certificatesDiffer: [
    withSecret(
      "port: 81\nroutes: [{ host: b.c }, { host: b.c, path: /d, tls: { cert: B, key: B } }]",
    ),
    "certificate-unclear",
    "apps/a.yaml:4:48",
  ],
  wildcardsCanBeProven: [
    here("port: 81\nroutes: [{ host: '*.c' }]"),
    "certificate-unclear",
    "apps/a.yaml:4:10",
  ],
  trustedAreNetworks: [
    {
      "slipway.yaml": "fleet: acme\nproxy: { trust: [10.0.0.0/33] }\n",
    },
    "bad-format",
    "slipway.yaml:2:18",
  ],
  mountsDiffer: [here("volumes: { a: /x, b: /x }"), "mount-clash", "apps/a.yaml:3:22"],
  volumesHaveOneName: [
    here("services: { b: { volumes: { d: { path: /x, name: y } } }, c: { volumes: { d: /x } } }"),
    "volume-names-differ",
    "apps/a.yaml:3:78",
  ],
  volumesAreNotShared: [
    {
      "apps/a.yaml": on("web-1", "volumes: { d: /x }"),
      "apps/b.yaml": on("web-1", "volumes: { d: { path: /x, name: a_d } }"),
    },
    "volume-shared",
    "apps/b.yaml:3:12",
  ],
  adoptionsDiffer: [
    { "apps/a.yaml": on("web-1", "adopt: pg"), "apps/b.yaml": on("web-1", "adopt: pg") },
    "adopt-clash",
    "apps/b.yaml:3:8",
  ],
  adoptionsAreInstances: [here("adopt: [pg, db]"), "adopt-without-instance", "apps/a.yaml:3:13"],
  sourcesAreClear: [
    { ...withSecret("files: { /k: { from: b.txt, secret: B } }"), "apps/b.txt": "x" },
    "secret-unclear",
    "apps/a.yaml:3:37",
  ],
  templatesAreTemplates: [
    withSecret('env: { A: { template: "${" } }'),
    "bad-template",
    "apps/a.yaml:3:23",
  ],
  secretsAreNamed: [withSecret("secrets: [tls/key.age]"), "secret-unclear", "apps/a.yaml:3:11"],
  variablesDiffer: [withSecret("secrets: [B, { B: a.B }]"), "env-clash", "apps/a.yaml:3:19"],
};

test("every rule has its case", () => {
  const known = new Map(
    [
      adoptions,
      apps,
      certificates,
      machineSettings,
      firewall,
      jobs,
      logins,
      machines,
      mounts,
      names,
      ports,
      privatePorts,
      reach,
      references,
      routes,
      secrets,
      wireguard,
    ].flatMap((room) => Object.entries(room).map(([name, rule]) => [rule, name] as const)),
  );
  assert.deepEqual(
    rules.map((rule) => known.get(rule)),
    Object.keys(cases),
  );
});

/** Mistakes that stand elsewhere, with what is said of them. */
const elsewhere: readonly (readonly [files: Files, found: string])[] = [
  [{ "apps/zz.yaml": on("web-1", "colour: red") }, "unknown-key apps/zz.yaml:3:1"],
  [{ "apps/zz.yaml": on("web-1", "image: b") }, "duplicate-key apps/zz.yaml:3:1"],
  [{ "apps/zz.yaml": on("web-1", "init: perhaps") }, "wrong-type apps/zz.yaml:3:7"],
  [{ "apps/zz.yaml": on("web-1", "env: [") }, "yaml-syntax apps/zz.yaml:4:1"],
  [
    { "machines/zz.yaml": "address: 10.0.9.9\nssh: { port: many }\n" },
    "wrong-type machines/zz.yaml:2:14",
  ],
  [{ "machines/zz.yaml": "address: [\n" }, "yaml-syntax machines/zz.yaml:2:1"],
  [{ "secrets/zz.yaml": "KEY: hunter2\n" }, "secret-not-encrypted secrets/zz.yaml:1:6"],
  [{ "secrets/zz.yaml": "KEY: {\n" }, "yaml-syntax secrets/zz.yaml:2:1"],
  [{ "slipway.yaml": "fleet: acme\ncolour: red\n" }, "unknown-key slipway.yaml:2:1"],
  [{ "slipway.yaml": "fleet: acme\ndefaults: { app: 5 }\n" }, "wrong-type slipway.yaml:2:18"],
];

/** What an app lacks it may have from defaults that cannot be read. */
const fromDefaults: ReadonlySet<string> = new Set([
  "imagesAreNamed",
  "healthIsClear",
  "listensAreClear",
  "routedAppsHaveNumbers",
]);

const startOf = (finding: string): string => finding.split(" ").slice(0, 2).join(" ");

for (const [rule, [files, code, where]] of Object.entries(cases)) {
  test(`${rule}: told beside a mistake that stands elsewhere`, async () => {
    const alone = `${code} ${where}:`;
    assert.deepEqual((await told(repo(files))).map(startOf), [alone]);
    for (const [more, found] of elsewhere) {
      if ("slipway.yaml" in files && "slipway.yaml" in more) continue;
      if (fromDefaults.has(rule) && found.startsWith("wrong-type slipway.yaml")) continue;
      const findings = (await told(repo({ ...files, ...more }))).map(startOf);
      assert.deepEqual(findings.toSorted(), [alone, `${found}:`].toSorted());
    }
  });
}

test("the same file may have several mistakes", async () => {
  const findings = await told(
    repo({
      "apps/a.yaml": [
        "image: a",
        "machines: { rol: web }",
        "colour: red",
        "after: [nothing, 5]",
        "image: b",
        'publish: ["80:80", nonsense, "80:81"]',
        "init: perhaps",
        "services: { web: { prot: 80, command: a 'b }, B_: {}, web-1: 5 }",
        "perMachine: { nowhere: { init: maybe }, web-1: { after: 5 } }",
      ].join("\n"),
    }),
  );
  assert.deepEqual(findings.map(startOf), [
    "selector-matches-nothing apps/a.yaml:2:1:",
    "unknown-key apps/a.yaml:3:1:",
    "unknown-after apps/a.yaml:4:9:",
    "wrong-type apps/a.yaml:4:18:",
    "duplicate-key apps/a.yaml:5:1:",
    "bad-format apps/a.yaml:6:20:",
    "wrong-type apps/a.yaml:7:7:",
    "unknown-key apps/a.yaml:8:20:",
    "bad-command apps/a.yaml:8:39:",
    "bad-name apps/a.yaml:8:47:",
    "service-hides-name apps/a.yaml:8:55:",
    "wrong-type apps/a.yaml:8:62:",
    "unknown-per-machine apps/a.yaml:9:15:",
    "wrong-type apps/a.yaml:9:32:",
    "not-per-machine apps/a.yaml:9:50:",
    "wrong-type apps/a.yaml:9:57:",
  ]);
});

/** Repos with one mistake that a careless reader would tell twice, or take for another one. */
const onlyOnce: Readonly<Record<string, readonly [files: Files, found: string]>> = {
  "an app that is no YAML is there for those after it": [
    { "apps/db.yaml": "image: [\n", "apps/a.yaml": on("web-1", "after: [db]") },
    "yaml-syntax apps/db.yaml:2:1:",
  ],
  "an app with a key twice is there, with its name and its services": [
    {
      "apps/db.yaml": on("web-1", "image: b\nservices: { x: {} }"),
      "apps/a.yaml": on("web-1", "after: [db]\nrenamedFrom: old"),
    },
    "duplicate-key apps/db.yaml:3:1:",
  ],
  "labels of a wrong type may be the ones": [
    { "machines/m.yaml": "address: m\nlabels: 5\n", "apps/a.yaml": on("{ role: db }", "") },
    "wrong-type machines/m.yaml:2:9:",
  ],
  "a label of a wrong type may be the one": [
    {
      "machines/m.yaml": "address: m\nlabels: { role: {} }\n",
      "apps/a.yaml": on("{ role: db }", ""),
    },
    "wrong-type machines/m.yaml:2:11:",
  ],
  "a selector under a misspelt key is no missing one": [
    { "machines/m.yaml": "address: m\n", "apps/a.yaml": "image: a\nmachnes: { role: nobody }\n" },
    "unknown-key apps/a.yaml:2:1:",
  ],
  "a selector under another tool's key is no missing one": [
    { "machines/m.yaml": "address: m\n", "apps/a.yaml": "image: a\nservers: [nobody]\n" },
    "foreign-key apps/a.yaml:2:1:",
  ],
  "what will be built needs no image": [
    { "apps/a.yaml": "build: .\n" },
    "not-yet-supported apps/a.yaml:1:1:",
  ],
  "replicas beside their place are instances": [
    {
      "apps/a.yaml": "deploy: { replicas: 0 }\nimage: a\npublish: ['80:80']\n",
      "apps/b.yaml": "image: b\npublish: ['80:80']\n",
    },
    "foreign-key apps/a.yaml:1:11:",
  ],
  "a jump host whose file has another ending is there": [
    { "machines/m.yaml": "address: m\nssh: { jump: gate }\n", "machines/gate.yml": "address: g\n" },
    "yml-extension machines/gate.yml:1:1:",
  ],
  "what an unknown release leaves out is not missing": [
    here("release: { comand: [x] }"),
    "unknown-key apps/a.yaml:3:12:",
  ],
  "a volume whose name is wrong has no other name": [
    here("services: { b: { volumes: { d: { path: /x, name: '' } } }, c: { volumes: { d: /x } } }"),
    "bad-format apps/a.yaml:3:50:",
  ],
  "a command with a word that is none is not empty": [
    here("command: [null]"),
    "wrong-type apps/a.yaml:3:11:",
  ],
  "one port on all machines is one clash": [
    {
      "machines/m.yaml": "address: m\n",
      "apps/a.yaml": on("all", 'publish: ["80:80"]'),
      "apps/b.yaml": on("all", 'publish: ["80:80"]'),
    },
    "port-clash apps/b.yaml:3:11:",
  ],
};

for (const [what, [files, found]] of Object.entries(onlyOnce)) {
  test(`told once: ${what}`, async () => {
    assert.deepEqual((await told(repo(files))).map(startOf), [found]);
  });
}

test("a clash on many machines says on how many", async () => {
  const clashing = (publish: string): string => on("all", `publish: ["${publish}"]`);
  assert.deepEqual(
    await told(
      repo({
        "machines/m.yaml": "address: m\n",
        "machines/n.yaml": "address: n\n",
        "apps/a.yaml": clashing("80:80"),
        "apps/b.yaml": clashing("public:80:80"),
        "apps/c.yaml": clashing("public:22:22"),
      }),
    ),
    [
      "port-clash apps/b.yaml:3:11: port 80 of m and 2 more machines is taken by app 'a' (apps/a.yaml:3)",
      "port-of-sshd apps/c.yaml:3:11: warning: port 22 of m and 2 more machines is where Slipway logs in; if sshd listens there the app cannot start",
    ],
  );
});

test("where an address cannot be read, only what is surely one port is a clash", async () => {
  const files = (one: string, other: string): Files => ({
    "machines/web-1.yaml": "address: 203.0.113.1\nprivateAddress: none\n",
    "apps/a.yaml": on("web-1", `publish: ["${one}"]`),
    "apps/b.yaml": on("web-1", `publish: ["${other}"]`),
  });
  const codes = async (one: string, other: string): Promise<readonly string[]> =>
    (await told(repo(files(one, other)))).map((line) => line.split(" ")[0] ?? "");
  assert.deepEqual(await codes("80:80", "80:80"), ["port-clash", "bad-format"]);
  assert.deepEqual(await codes("80:80", "public:80:80"), ["port-clash", "bad-format"]);
  assert.deepEqual(await codes("80:80", "local:80:80"), ["bad-format"]);
});

test("a key that is not ours is refused also where it holds nothing", async () => {
  assert.deepEqual(await told(repo({ "apps/a.yaml": "image: a\nportz:\nbackup:\nenv:\n" })), [
    "unknown-key apps/a.yaml:2:1: unknown key 'portz' (did you mean 'port'?)",
    "not-yet-supported apps/a.yaml:3:1: not yet supported: backup (scheduled backups)",
    "null-unsets-nothing apps/a.yaml:4:1: warning: 'env' is null, which unsets what stands below, and nothing does; write \"\" for an empty text, {} for an empty map",
  ]);
});

test("no documents come of a repo with an error in it, wherever it is", async () => {
  for (const [more] of elsewhere) {
    const { documents, findings } = await load(snapshotOf(repo({ ...here(""), ...more })));
    assert.equal(documents, undefined);
    assert.equal(findings.length, 1);
  }
});
