import assert from "node:assert/strict";
import { test } from "node:test";
import { foreignWords } from "../../src/load/foreign.ts";
import { readSchemas } from "../../src/load/schemas.ts";
import { isObject, type JsonObject } from "../../src/lib/json.ts";
import { documentsOf, repo, told } from "./repos.ts";

const app = async (text: string): Promise<readonly string[]> =>
  told(repo({ "apps/shop.yaml": `image: shop:1\n${text}\n` }));
const fields = async (text: string) => {
  const { apps } = await documentsOf(repo({ "apps/shop.yaml": `image: shop:1\n${text}\n` }));
  const shop = apps.get("shop");
  assert.ok(shop);
  return shop.fields;
};

test("texts are what is written", async () => {
  const { env, labels, command, sysctls, user } = await fields(
    [
      "env: { A: 1.10, B: yes, C: 0777, D: true, E: 1e3, F: 0x1F, G: '0', H: \"a\\nb\", I: 12345678901234567890, J: .5, K: 2026-01-01, L: ~x }",
      "labels: { version: 1.0 }",
      "command: [sleep, 010]",
      "sysctls: { net.core.somaxconn: 1024 }",
      "user: 1000",
    ].join("\n"),
  );
  assert.deepEqual(env, {
    A: "1.10",
    B: "yes",
    C: "0777",
    D: "true",
    E: "1e3",
    F: "0x1F",
    G: "0",
    H: "a\nb",
    I: "12345678901234567890",
    J: ".5",
    K: "2026-01-01",
    L: "~x",
  });
  assert.deepEqual(labels, { version: "1.0" });
  assert.deepEqual(command, ["sleep", "010"]);
  assert.deepEqual(sysctls, { "net.core.somaxconn": "1024" });
  assert.equal(user, "1000");
});

test("texts in every place: services, perMachine, defaults, machines", async () => {
  const { apps, machines } = await documentsOf(
    repo({
      "slipway.yaml":
        "fleet: acme\ndefaults: { app: { env: { D: 1.10 } }, machine: { labels: { rack: 01 } } }\n",
      "machines/web-1.yaml": "address: 10.0.0.1\nlabels: { zone: [1.0, 02] }\n",
      "apps/shop.yaml":
        "image: a\nmachines: { zone: 02 }\nservices: { web: { env: { S: 0777 } } }\nperMachine: { web-1: { env: { M: no } } }\n",
    }),
  );
  const web = apps.get("shop-web");
  assert.deepEqual(web?.fields.env, { D: "1.10", S: "0777" });
  assert.deepEqual(web?.perMachine.get("web-1")?.env, { D: "1.10", S: "0777", M: "no" });
  assert.deepEqual(machines.get("web-1")?.fields.labels, { rack: "01", zone: ["1.0", "02"] });
  assert.deepEqual(web?.machines, ["web-1"]);
});

test("every supported key in its forms", async () => {
  const text = `
instances: 2
pull: always
port: { http: 3000, ssh: 22 }
entrypoint: /bin/shop --fast
volumes: { data: /var/lib/shop, /srv/media: { path: /media, readOnly: true }, old: { path: /old, name: legacy } }
resources: { memory: 512m, memoryReservation: 256m, memorySwap: 1g, cpus: 1.5, cpuShares: 512, cpuset: 0-3, pids: 500 }
health: { http: /up, port: http, interval: 1s, timeout: 5s, deadline: 60s }
deploy: { strategy: auto, batch: 2, stopTimeout: 30s, onFailure: continue }
logs: { maxSize: 20m, maxFiles: 5 }
release: { command: migrate --all, deadline: 5m }
drift: report
state: stopped
workingDir: /srv
hostname: shop.internal
init: true
readOnly: true
tmpfs: [/run, "/tmp:size=64m"]
shmSize: 128m
ulimits: { nofile: 65536, nproc: { soft: 1024, hard: 2048 } }
capAdd: [NET_BIND_SERVICE]
capDrop: [ALL]
devices: [/dev/fuse]
extraHosts: { legacy: 10.0.0.5, me: host-gateway }
dns: [10.0.0.2]
privileged: false
securityOpt: [no-new-privileges]
groupAdd: [video, 998]
restart: "no"
stopSignal: SIGINT`;
  const seen = await fields(text);
  const keys = text.split("\n").flatMap((line) => (line === "" ? [] : [line.split(":")[0]]));
  for (const key of keys) assert.ok(key !== undefined && key in seen, key);
  assert.deepEqual(seen.groupAdd, ["video", "998"]);
  for (const other of [
    "volumes: ['data:/x:ro', /srv:/y]",
    "health: off",
    "health: engine",
    "health: { tcp: true }\nport: 80",
    "network: host",
    "command: serve",
  ]) {
    await fields(other);
  }
});

test("values that are not right, and what is said of them", async () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      "port: '80'",
      "wrong-type apps/shop.yaml:2:7: port must be a port number, or named ports, not the text '80' (without quotes)",
    ],
    ["port: 0", "out-of-range apps/shop.yaml:2:7: port must be at least 1, not 0"],
    [
      "instances: 99999999999999999999",
      "out-of-range apps/shop.yaml:2:12: instances must be at most 100, not 99999999999999999999",
    ],
    [
      "instances: 1.5",
      "wrong-type apps/shop.yaml:2:12: instances must be a number of instances, not 1.5",
    ],
    ["instances: -1", "out-of-range apps/shop.yaml:2:12: instances must be at least 0, not -1"],
    [
      "init: yes",
      "wrong-type apps/shop.yaml:2:7: init must be true or false, not the text 'yes' (write true)",
    ],
    [
      "readOnly: off",
      "wrong-type apps/shop.yaml:2:11: readOnly must be true or false, not the text 'off' (write false)",
    ],
    [
      "health: offf",
      "bad-format apps/shop.yaml:2:9: health: 'offf' is not off, engine, or a map with one of http, tcp, command, engine",
    ],
    [
      "restart: alway",
      "not-allowed apps/shop.yaml:2:10: restart is no, always, unless-stopped or on-failure, not 'alway' (did you mean 'always'?)",
    ],
    [
      "deploy: { stopTimeout: 30 }",
      "wrong-type apps/shop.yaml:2:24: deploy.stopTimeout must be a duration of at most 9 days such as 500ms, 5s, 2m, 1h, not 30 (write 30s)",
    ],
    [
      "deploy: { stopTimeout: 1m30s }",
      "bad-format apps/shop.yaml:2:24: deploy.stopTimeout: '1m30s' is not a duration of at most 9 days such as 500ms, 5s, 2m, 1h",
    ],
    [
      "health: { http: /up, timeout: 0s }\nport: 80",
      "bad-format apps/shop.yaml:2:31: health.timeout: '0s' is not a duration of at most 9 days, longer than nothing such as 500ms, 5s, 2m, 1h",
    ],
    [
      "env: [A=b]",
      "wrong-type apps/shop.yaml:2:1: env must be a map of variables to values, not a list (write env: { A: b })",
    ],
    [
      "dns: [gateway]",
      "bad-format apps/shop.yaml:2:7: dns.0: 'gateway' is not an IP address such as 10.0.0.2",
    ],
    ["env: { A B: c }", "bad-format apps/shop.yaml:2:8: env: 'A B' is not a variable name"],
    [
      "env: { A: [1] }",
      "wrong-type apps/shop.yaml:2:8: env.A must be text, { template } or { secret }, not a list",
    ],
    ["env: { A: {} }", "missing-key apps/shop.yaml:2:8: env.A needs 'template' or 'secret'"],
    [
      "env: { A: { templat: x } }",
      "unknown-key apps/shop.yaml:2:13: env.A: unknown key 'templat' (did you mean 'template'?)",
    ],
    [
      "env: { A: { secret: a b } }",
      "bad-format apps/shop.yaml:2:21: env.A.secret: 'a b' is not a secret: KEY, name.KEY or path.age such as DB_PASSWORD, billing.STRIPE_KEY",
    ],
    [
      "files: { /etc/k: {} }",
      "missing-key apps/shop.yaml:2:10: files./etc/k needs 'from' or 'secret'",
    ],
    [
      "secrets: [{ A: null }]",
      'wrong-type apps/shop.yaml:2:16: secrets.0.A must be a secret, or { secret, as }, not null (put it in quotes: "null")',
    ],
    [
      "secrets: [{ A: { as: file } }]",
      "missing-key apps/shop.yaml:2:13: secrets.0.A needs 'secret'",
    ],
    [
      "secrets: [{ A: { secret: B, as: fiel } }]",
      "not-allowed apps/shop.yaml:2:33: secrets.0.A.as is env or file, not 'fiel' (did you mean 'file'?)",
    ],
    [
      "files: { etc/k: a }",
      "bad-format apps/shop.yaml:2:10: files: 'etc/k' is not an absolute path in the container, not '/' itself, without '..' and ':' such as /etc/shop/shop.toml",
    ],
    [
      "volumes: [/data]",
      "bad-format apps/shop.yaml:2:11: volumes.0: '/data' is not a volume as source:path or source:path:ro such as data:/var/lib/shop, /srv/media:/media:ro",
    ],
    [
      "volumes: { data: /a/../../etc }",
      "bad-format apps/shop.yaml:2:18: volumes.data: '/a/../../etc' is not a container path, or { path, readOnly, name }",
    ],
    [
      "volumes: { /srv/../etc: /a }",
      "bad-format apps/shop.yaml:2:12: volumes: '/srv/../etc' is not a volume name or absolute path on the machine",
    ],
    [
      "volumes: ['/srv/../etc:/a']",
      "bad-format apps/shop.yaml:2:11: volumes.0: '/srv/../etc:/a' is not a volume as source:path or source:path:ro such as data:/var/lib/shop, /srv/media:/media:ro",
    ],
    [
      "publish: [80]",
      "bad-format apps/shop.yaml:2:11: publish.0: '80' is not a published port such as 5432:5432, public:80:8080, local:9000-9010:9000-9010/udp (write \"80:80\")",
    ],
    ["network: bridge", "not-allowed apps/shop.yaml:2:10: network can only be host, not 'bridge'"],
    [
      "command: [echo, null]",
      'wrong-type apps/shop.yaml:2:17: command.1 must be text, not null (put it in quotes: "null")',
    ],
    [
      "logs: { keep: 30d }",
      "not-yet-supported apps/shop.yaml:2:9: not yet supported: logs.keep (history past a removed container)",
    ],
    [
      "deploy: { canary: 10 }",
      "wrong-type apps/shop.yaml:2:19: deploy.canary must be a percentage, or { share, for, maxErrors, maxLatency }, not 10 (write 10%)",
    ],
    [
      "deploy: { drain: 2d }",
      "bad-format apps/shop.yaml:2:18: deploy.drain: '2d' is not a duration of at most 1 day, or { requests, streams }",
    ],
    [
      "listen: no",
      "bad-format apps/shop.yaml:2:9: listen: 'no' is not a port number, off, or a map of port names to these (write off)",
    ],
    [
      "routes: shop.example.com",
      "wrong-type apps/shop.yaml:2:9: routes must be a list of routes, not the text 'shop.example.com' (write routes: [{ host: shop.example.com }])",
    ],
    ...[
      ["https://shop.example.com/", "shop.example.com"],
      ["shop.example.com:8080", "shop.example.com"],
      ["shop.example.com.", "shop.example.com"],
      ["münchen.example.com", "xn--mnchen-3ya.example.com"],
    ].map(
      ([host = "", better = ""]) =>
        [
          `routes: [{ host: "${host}" }]`,
          `bad-format apps/shop.yaml:2:18: routes.0.host: '${host}' is not a host name, or a list of them such as shop.example.com, *.example.com (write ${better})`,
        ] as const,
    ),
    [
      "routes: [{ host: a.b, path: /api/* }]",
      "bad-format apps/shop.yaml:2:29: routes.0.path: '/api/*' is not an absolute path such as /, /api (write /api: all that is below it is meant)",
    ],
    [
      "routes: [{ host: a.b, path: /a/../b }]",
      "bad-format apps/shop.yaml:2:29: routes.0.path: '/a/../b' is not an absolute path such as /, /api",
    ],
    [
      "routes: [{ host: a.b, tls: true }]",
      "wrong-type apps/shop.yaml:2:28: routes.0.tls must be auto, off, or { cert, key }, not true (write auto)",
    ],
    [
      "routes: [{ host: a.b, redirect: https://c.d/e }]",
      "bad-format apps/shop.yaml:2:33: routes.0.redirect: 'https://c.d/e' is not a URL without a path such as https://shop.example.com",
    ],
    [
      "routes: [{ domain: a.b }]",
      "foreign-key apps/shop.yaml:2:12: routes.0: unknown key 'domain': Slipway calls this 'host', for example { host: [example.com, www.example.com] }",
    ],
    [
      "canary: 10%",
      "foreign-key apps/shop.yaml:2:1: unknown key 'canary': Slipway calls this 'deploy.canary', for example deploy: { canary: 10% }",
    ],
  ];
  for (const [text, expected] of cases) {
    const findings = await app(text);
    assert.ok(
      findings.includes(expected),
      `${text}\n  wanted ${expected}\n  got    ${findings.join("\n         ")}`,
    );
  }
});

test("what is plainly meant is written out as it should be", async () => {
  const cases: readonly (readonly [text: string, advice: string])[] = [
    ["restart: on-failure:3", "(write on-failure; how often it is tried cannot be limited)"],
    [
      'extraHosts: ["a:1.2.3.4", "b=host-gateway"]',
      "(write extraHosts: { a: 1.2.3.4, b: host-gateway })",
    ],
    ["dns: 1.1.1.1", "(write dns: [1.1.1.1])"],
    ["tmpfs: /tmp", "(write tmpfs: [/tmp])"],
    ['labels: ["a=b", "c=d e"]', '(write labels: { a: b, c: "d e" })'],
    ['env: ["A=1", "B=2", "C", "D=4", "E=5"]', "(write env: { A: 1, B: 2, D: 4, … })"],
    ["env: A=b", "(write env: { A: b })"],
    ["env: { clear: { A: b } }", "(variables stand in env itself: env: { LOG_LEVEL: info })"],
    ["env: { secret: [A, B] }", "(secrets stand beside env: secrets: [A, B])"],
    [
      "env: [{ name: A, value: b }, { name: C, valueFrom: { secretKeyRef: {} } }]",
      "(write env: { A: b, C: { secret: … } })",
    ],
    [
      "secrets: { db_password: { file: ./db.txt } }",
      "(write secrets: [db_password]; what they are stands encrypted in secrets/<app>.yaml)",
    ],
    ["publish: 8080:80", "(write publish: [8080:80])"],
    ["publish: 80", '(write publish: ["80:80"])'],
    ["health: { command: [a], interval: 5 }", "(write 5s)"],
    ['health: { command: [a], interval: "5" }', "(write 5s)"],
    ["health: { command: [a], deadline: 2min }", "(write 2m)"],
    ["resources: { memory: 512 }", "(write 512m)"],
    ["resources: { memory: 2Gi }", "(write 2g)"],
    ["logs: { maxSize: 20 }", "(write 20m)"],
    ["health: false", "(write off)"],
    ["health: none", "(write off)"],
    ["resources: { cpus: '1.5' }", "(without quotes)"],
    ["health: { tcp: 5432 }", "(the port stands beside it: health: { tcp: true, port: 5432 })"],
  ];
  for (const [text, advice] of cases) {
    const findings = await app(text);
    assert.equal(findings.length, 1, findings.join("\n"));
    assert.ok(findings[0]?.endsWith(advice), `${text}: ${findings[0] ?? ""}`);
  }
});

test("what is not plain gets no advice, and an empty text one finding", async () => {
  for (const text of [
    "health: 30",
    "health: true",
    "health: { http: 80 }",
    "ulimits: [nofile=1:2]",
  ]) {
    const [finding = "", ...others] = await app(text);
    assert.deepEqual(others, []);
    assert.doesNotMatch(finding, /\(/, text);
  }
  assert.deepEqual(await app("user: ''"), [
    "empty-value apps/shop.yaml:2:7: user is empty; it is a user, or user:group such as 1000:1000, node",
  ]);
});

test("braces of templates without quotes are one finding", async () => {
  const advice =
    "a value that holds ${…} or {{…}} needs quotes around it, since { starts a map (and only a template is filled in, with secrets)";
  assert.deepEqual(await app("env: { A: ${X} }"), [`yaml-syntax apps/shop.yaml:2:12: ${advice}`]);
});

test("a forge other than GitHub is not yet supported", async () => {
  const forge = (kind: string): Promise<readonly string[]> =>
    told(repo({ "slipway.yaml": `fleet: acme\nforge: { kind: ${kind} }\n` }));
  assert.deepEqual(await forge("gitlab"), [
    "not-yet-supported slipway.yaml:2:16: not yet supported: forge.kind gitlab",
  ]);
  assert.deepEqual(await forge("githup"), [
    "not-allowed slipway.yaml:2:16: forge.kind can only be github, not 'githup' (did you mean 'github'?)",
  ]);
});

test("every key that comes later is rejected, with a reason", async () => {
  for (const schema of readSchemas().all) {
    const later = laterKeys(schema);
    assert.ok(later.length > 0);
    for (const key of later) {
      const at: Readonly<Record<string, readonly [string, string]>> = {
        AppFile: ["apps/shop.yaml", `image: a\n${key}: {}\n`],
        MachineFile: ["machines/web-1.yaml", `address: 10.0.0.1\n${key}: {}\n`],
        SlipwayFile: ["slipway.yaml", `fleet: acme\n${key}: {}\n`],
      };
      const [file, text] = at[String(schema["title"])] ?? ["", ""];
      const [first = ""] = await told(repo({ [file]: text }));
      assert.ok(
        first.startsWith(`not-yet-supported ${file}:2:1: not yet supported: ${key} (`),
        first,
      );
    }
  }
});

function laterKeys(schema: JsonObject): readonly string[] {
  const definitions = isObject(schema["$defs"]) ? schema["$defs"] : {};
  const own = [schema, definitions["fields"]].flatMap((part) =>
    isObject(part) && isObject(part["properties"]) ? Object.entries(part["properties"]) : [],
  );
  return own
    .filter(([, value]) => isObject(value) && "x-slipway-later" in value)
    .map(([key]) => key);
}

test("each foreign word is answered where people write it, and none of ours is among them", async () => {
  const wrap: Readonly<Record<string, (word: string) => readonly [string, string, number]>> = {
    app: (word) => ["apps/shop.yaml", `image: a\n${word}: x\n`, 2],
    machine: (word) => ["machines/web-1.yaml", `address: 10.0.0.1\n${word}: x\n`, 2],
    slipway: (word) => ["slipway.yaml", `fleet: acme\n${word}: x\n`, 2],
    "machine.ssh": (word) => ["machines/web-1.yaml", `address: 10.0.0.1\nssh:\n  ${word}: x\n`, 3],
    "app.env": (word) => ["apps/shop.yaml", `image: a\nenv:\n  A:\n    ${word}: x\n`, 4],
    "slipway.registries": (word) => [
      "slipway.yaml",
      `fleet: acme\nregistries:\n  ghcr.io:\n    ${word}: x\n`,
      4,
    ],
    "app.files": (word) => ["apps/shop.yaml", `image: a\nfiles:\n  /a:\n    ${word}: x\n`, 4],
    "app.routes": (word) => ["apps/shop.yaml", `image: a\nroutes:\n  - ${word}: x\n`, 3],
    "slipway.proxy": (word) => ["slipway.yaml", `fleet: acme\nproxy:\n  ${word}: x\n`, 3],
    "slipway.certificates": (word) => [
      "slipway.yaml",
      `fleet: acme\ncertificates:\n  ${word}: x\n`,
      3,
    ],
    "app.volumes": (word) => ["apps/shop.yaml", `image: a\nvolumes:\n  /a:\n    ${word}: x\n`, 4],
  };
  for (const [place, word] of foreignWords()) {
    const inMap = (): readonly [string, string, number] => [
      "apps/shop.yaml",
      `image: a\n${place.slice("app.".length)}:\n  ${word}: x\n`,
      3,
    ];
    const [file, text, line] = wrap[place]?.(word) ?? inMap();
    const findings = await told(repo({ [file]: text }));
    assert.ok(
      findings.some(
        (one) =>
          one.startsWith(`foreign-key ${file}:${line}:`) && /Slipway (calls this|has no)/.test(one),
      ),
      `${place} ${word}: ${findings.join("\n")}`,
    );
  }
});

test("foreign words are known in services, perMachine and defaults too", async () => {
  const findings = await told(
    repo({
      "slipway.yaml": "fleet: acme\ndefaults: { app: { ports: [] }, machine: { ip: x } }\n",
      "apps/shop.yaml":
        "image: a\nservices: { web: { environment: {} } }\nperMachine: { web-1: { healthcheck: {} } }\n",
    }),
  );
  assert.equal(
    findings.filter((one) => one.startsWith("foreign-key")).length,
    4,
    findings.join("\n"),
  );
});

test("snake case and kebab case of our own keys", async () => {
  assert.deepEqual(await app("read_only: true"), [
    "unknown-key apps/shop.yaml:2:1: unknown key 'read_only': Slipway writes 'readOnly'",
  ]);
  assert.deepEqual(await app("cap-add: []"), [
    "unknown-key apps/shop.yaml:2:1: unknown key 'cap-add': Slipway writes 'capAdd'",
  ]);
});

test("files of other tools are answered key by key", async () => {
  const answered = async (text: string): Promise<readonly string[]> =>
    (await told(repo({ "apps/shop.yaml": text }))).filter((one) => one.startsWith("unknown-key"));
  const compose = `image: a
container_name: a
depends_on: [b]
deploy: { replicas: 2, restart_policy: { condition: any }, placement: {} }
environment: [A=b]
env_file: .env
expose: [80]
healthcheck: { test: [CMD, x], retries: 3, start_period: 5s }
logging: { driver: json-file }
networks: [x]
network_mode: host
platform: linux/amd64
ports: ["80:80"]
profiles: [x]
pull_policy: always
stop_grace_period: 5s
mem_limit: 1g
tty: true
working_dir: /x
read_only: true
cap_add: [ALL]
`;
  const kamal = `service: a
servers: [x]
proxy: { host: x }
registry: {}
builder: {}
accessories: {}
drain_timeout: 5
deploy_timeout: 5
`;
  const kubernetes = `apiVersion: v1
kind: Pod
metadata: {}
spec: {}
containers: []
replicas: 3
imagePullPolicy: Always
imagePullSecrets: []
livenessProbe: {}
volumeMounts: []
nodeSelector: {}
terminationGracePeriodSeconds: 5
securityContext: {}
`;
  // Our own keys in another spelling are answered as that.
  assert.deepEqual(await answered(compose), [
    "unknown-key apps/shop.yaml:19:1: unknown key 'working_dir': Slipway writes 'workingDir'",
    "unknown-key apps/shop.yaml:20:1: unknown key 'read_only': Slipway writes 'readOnly'",
    "unknown-key apps/shop.yaml:21:1: unknown key 'cap_add': Slipway writes 'capAdd'",
  ]);
  assert.deepEqual(await answered(kamal), []);
  assert.deepEqual(await answered(kubernetes), []);
});

test("a shipped file that is not there is looked for nearby", async () => {
  assert.deepEqual(
    await told(
      repo({
        "apps/shop/app.yaml": "image: a\nfiles: { /x: shop.tml, /y: elsewhere }\n",
        "apps/shop/shop.toml": "x",
      }),
    ),
    [
      "source-missing apps/shop/app.yaml:2:14: 'shop.tml' is neither a file nor a folder in apps/shop/ (did you mean 'shop.toml'?)",
      "source-missing apps/shop/app.yaml:2:28: 'elsewhere' is neither a file nor a folder in apps/shop/",
    ],
  );
});
