import assert from "node:assert/strict";
import { test } from "node:test";
import { armoredYaml, documentsOf, told, type Files } from "./repos.ts";

/** Every key that the design promises, where it is written. What comes later is marked with `#`. */
const settings = `fleet: acme
defaults: { machine: { ssh: { user: deploy } }, app: { logs: { maxSize: 20m, maxFiles: 5 } } }
forge: { kind: github, repository: acme/infra, api: "https://api.github.com" }
registries: { ghcr.io: { user: bot, password: registries.GHCR_TOKEN } }
proxy: { image: "haproxy:lts", via: { role: edge }, trust: [10.0.0.0/8] }
certificates: { email: ops@example.com, directory: "https://acme.example.com/directory", challenge: dns }
users: { ada: { keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS"], sudo: true } }
backup: {} #
metrics: {} #
alerts: {} #
provider: {} #
`;

const machine = `address: 203.0.113.10
hostKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS
privateAddress: 10.0.0.11
ssh: { user: deploy, port: 22, jump: bastion }
engine: { socket: /var/run/docker.sock, install: true, liveRestore: true }
labels: { role: [web, db], zone: a }
packages: [htop, postgresql-client-15]
firewall: { allow: [{ port: 443 }, { port: 9999, from: 198.51.100.0/24 }] }
users: { bob: { keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS bob"], groups: [docker], shell: /bin/bash } }
sshd: { PasswordAuthentication: no, MaxAuthTries: 3 }
sysctl: { vm.swappiness: 10 }
files: { /etc/motd: motd.txt }
mounts: { /data: { device: /dev/disk/by-id/scsi-1, type: ext4 } }
wireguard: { address: 10.90.0.1/24, port: 51820 }
updates: security
swap: 2g
timezone: Europe/Berlin
metrics: {} #
alerts: {} #
provider: {} #
`;

const app = `image: registry.example.com/shop:1.4.2
machines: { role: web }
instances: 2
port: 8080
command: ["serve"]
entrypoint: serve it
files: { /etc/shop/shop.toml: shop.toml, /etc/shop/rules: rules/, /x: { from: shop.toml, mode: "0400", owner: "1000:1000" } }
volumes: { data: /var/lib/shop, /srv/media: { path: /media, readOnly: true }, other: { path: /o, name: exactly } }
resources: { memory: 512m, cpus: 1.5, pids: 500 }
health: { http: /up, interval: 1s, timeout: 5s, deadline: 60s }
deploy: { strategy: auto, batch: 1, stopTimeout: 30s, onFailure: revert }
release: { command: ["migrate"], deadline: 5m }
services: { web: { port: 3000 }, worker: { command: ["work"], routes: null, deploy: { stopTimeout: 5m } } }
perMachine: { web-2: { env: { ZONE: b }, instances: 3 } }
after: [db]
drift: heal
state: running
renamedFrom: catalog
pull: always
user: "1000:1000"
workingDir: /srv
hostname: shop
init: true
readOnly: true
tmpfs: [/run]
shmSize: 64m
ulimits: { nofile: 1024 }
capAdd: [NET_ADMIN]
capDrop: [ALL]
devices: [/dev/fuse]
sysctls: { net.core.somaxconn: 1024 }
extraHosts: { legacy: 10.0.0.5 }
dns: [10.0.0.2]
privileged: false
securityOpt: [no-new-privileges]
groupAdd: [video]
labels: { team: shop }
restart: always
stopSignal: SIGINT
listen: 8080
protocol: http
env: { LOG_LEVEL: info, URL: { template: "postgres://shop:\${DB_PASSWORD}@db:5432/shop" } }
secrets: [DB_PASSWORD, { STRIPE: billing.STRIPE_KEY }, { TOKEN: { secret: shop.TOKEN, as: file, mode: "0440", owner: "1000" } }]
routes: [{ host: shop.example.com, path: /, tls: auto, via: edge }]
reload: HUP
jobs: { report: { schedule: "0 3 * * *", timezone: UTC, command: ["report"], deadline: 1h }, tidy: { schedule: "*/5 * * * 1-5", each: machine } }
logs: { maxSize: 20m, keep: 30d } #
build: . #
updateImage: {} #
backup: {} #
metrics: {} #
alerts: {} #
placement: auto #
`;

/** What is written in other forms, or instead of something above. */
const others: Files = {
  "apps/forms.yaml": `image: a
machines: [web-1, web-2]
command: serve it
volumes: ["data:/x:ro"]
health: off
publish: ["public:80:80", "local:9000-9001:9000-9001/udp"]
env: { KEY: { secret: a.B } }
files: { /k: { secret: shop.TLS_KEY, mode: "0400" }, /run/secrets/tls.key: { secret: tls/shop.key } }
port: { http: 8081, ssh: 22 }
listen: { http: 8081, ssh: off }
protocol: { http: http, ssh: tcp }
routes: [{ host: [a.example.com, b.example.com], port: http, tls: { cert: shop.TLS_KEY, key: tls/shop.key } }, { host: c.example.com, redirect: "https://a.example.com" }]
deploy: { drain: { requests: 30s, streams: 5m }, batch: 25%, onFailure: continue, maxErrors: 5%, canary: { share: 10%, for: 1m, maxErrors: 2%, maxLatency: 1s } }
`,
  "apps/more.yaml":
    "image: a\nmachines: web-1\nport: 82\nlisten: off\nprotocol: http\ndeploy: { drain: 30s, canary: 10% }\n",
  "apps/template.yaml":
    "image: a\nmachines: web-1\nnetwork: host\nfiles: { /k: { from: x.txt, template: true } }\n",
  "apps/x.txt": "x=${a.B}",
};

const surroundings: Files = {
  "secrets/shop.yaml": armoredYaml("DB_PASSWORD", "TOKEN", "TLS_KEY"),
  "secrets/billing.yaml": armoredYaml("STRIPE_KEY"),
  "secrets/registries.yaml": armoredYaml("GHCR_TOKEN"),
  "secrets/a.yaml": armoredYaml("B"),
  "secrets/tls/shop.key.age": "x",
  ".age-recipients": "",
  "machines/bastion.yaml": "address: 203.0.113.9\n",
  "machines/edge.yaml":
    "address: 203.0.113.12\nprivateAddress: 10.0.0.12\nlabels: { role: edge }\n",
  "machines/web-2.yaml":
    "address: 203.0.113.11\nprivateAddress: 10.0.0.13\nlabels: { role: web }\n",
  "apps/db.yaml": "image: db:1\nmachines: { role: db }\n",
  "machines/motd.txt": "x",
  "apps/shop/shop.toml": "x",
  "apps/shop/rules/one": "x",
};

const files: Files = {
  "slipway.yaml": settings,
  "machines/web-1.yaml": machine,
  "apps/shop/app.yaml": app,
  ...others,
  ...surroundings,
};

test("every key of the design is read, or refused as not yet supported", async () => {
  const later = Object.entries(files).flatMap(([path, text]) =>
    String(text)
      .split("\n")
      .flatMap((line, i) => (line.endsWith(" #") ? [`not-yet-supported ${path}:${i + 1}:`] : [])),
  );
  const findings = (await told(files)).map((one) => one.replace(/^(\S+ \S+?:\d+:).*$/, "$1"));
  assert.deepEqual(findings.toSorted(), later.toSorted());
});

test("what is not refused arrives in the documents", async () => {
  const now = Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, withoutLater(String(text))]),
  );
  const { machines, apps, settings: read } = await documentsOf(now);
  const shop = { ...apps.get("shop-web")?.fields, services: {}, perMachine: {} };
  assert.deepEqual(keysOf(settings), Object.keys(read).toSorted());
  assert.deepEqual(keysOf(machine), Object.keys(machines.get("web-1")?.fields ?? {}).toSorted());
  assert.deepEqual([...keysOf(app), "logs"].toSorted(), Object.keys(shop).toSorted());
});

const withoutLater = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !line.endsWith(" #"))
    .join("\n");

const keysOf = (text: string): readonly string[] =>
  withoutLater(text)
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [line.slice(0, line.indexOf(":"))]))
    .toSorted();
