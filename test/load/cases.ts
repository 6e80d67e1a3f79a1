import type { FindingCode } from "../../src/load/codes.ts";
import { armoredYaml, repo, type Case } from "./repos.ts";

const app = (text: string, path = "apps/shop.yaml"): Case => ({ files: repo({ [path]: text }) });
const image = "image: shop:1\n";
const many = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n");
const machine = (address: string, more = ""): string => `address: ${address}\n${more}`;
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS";
const two = {
  "machines/web-1.yaml": machine("10.0.0.11"),
  "machines/web-2.yaml": machine("10.0.0.12"),
};

const withSecret = (text: string): Case => ({
  files: repo({ "secrets/shop.yaml": armoredYaml("DB_PASSWORD"), "apps/shop.yaml": text }),
});

const routed = (host: string): string => `${image}port: 8080\nroutes: [{ host: ${host} }]\n`;

/** For every code the smallest repo in which it is found: the examples of docs/findings.md. */
export const cases: Readonly<Record<FindingCode, Case>> = {
  "tree-too-large": { files: repo(), truncated: "more than 100,000 files" },
  "too-many-documents": {
    files: repo(
      Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`apps/a${i}.yaml`, ""])),
    ),
  },
  "too-many-findings": app(many(300, (i) => `key${i}: 1`)),
  "bad-path": app(image, "apps/sh\\op.yaml"),
  symlink: { ...app(image), types: { "apps/shop.yaml": "symlink" } },
  submodule: { files: repo({ "apps/vendor": "" }), types: { "apps/vendor": "submodule" } },
  "settings-missing": { files: { "machines/web-1.yaml": machine("10.0.0.11") } },
  "yml-extension": app(image, "apps/shop.yml"),
  "stray-document": { files: repo({ "machines/eu/web-2.yaml": machine("10.0.0.12") }) },
  "misspelt-folder": app(image, "app/shop.yaml"),
  "folder-without-app": app(image, "apps/shop/compose.yaml"),
  "misplaced-document": app(image, "shop.yaml"),
  "nothing-declared": { files: { "slipway.yaml": "fleet: acme\n" } },
  "app-declared-twice": { files: repo({ "apps/shop.yaml": image, "apps/shop/app.yaml": image }) },
  "unknown-environment": {
    files: repo({ "environments/staging/slipway.yaml": "" }),
    environment: "stagign",
  },
  "file-too-large": app(`# ${"x".repeat(1024 * 1024)}`),
  "not-utf8": {
    files: repo({
      "apps/shop.yaml": Buffer.from("image: shop:1\nenv: { NAME: \xe9 }\n", "latin1"),
    }),
  },
  "control-character": app("image: shop:1\u0007\n"),
  "yaml-syntax": app("image: shop:1\n\tport: 80\n"),
  "merge-conflict": app("<<<<<<< HEAD\nimage: shop:1\n=======\nimage: shop:2\n>>>>>>> other\n"),
  "yaml-directive": app("%YAML 1.1\n---\nimage: shop:1\n"),
  "yaml-documents": app("image: shop:1\n---\nimage: shop:2\n"),
  "yaml-tag": app("image: !!str 1.10\n"),
  "yaml-merge-key": app("image: shop:1\nlabels: &shared { a: b }\nenv: { <<: *shared }\n"),
  "yaml-alias": app("image: shop:1\nenv: *shared\n"),
  "too-deep": app(`image: ${"[".repeat(40)}${"]".repeat(40)}\n`),
  "too-many-values": app(`image: [${"x,".repeat(60_000)}]\n`),
  "duplicate-key": app("image: shop:1\nimage: shop:2\n"),
  "bad-key": app("image: shop:1\n? [a, b]\n: c\n"),
  "leading-zero": app("image: shop:1\ninstances: 02\n"),
  "null-unsets-nothing": app("image: shop:1\nenv:\n  TOKEN:\n"),
  "unknown-key": app("imagee: shop:1\n"),
  "foreign-key": app('image: shop:1\nports: ["80:80"]\n'),
  "not-yet-supported": app("image: shop:1\nbackup: {}\n"),
  "missing-key": app("image: shop:1\nrelease: { deadline: 5m }\n"),
  "wrong-type": app("image: 1.10\n"),
  "not-allowed": app("image: shop:1\ndrift: fix\n"),
  "bad-format": app("image: shop:1\nresources: { memory: 512 MB }\n"),
  "bad-name": app(image, "apps/ѕhop.yaml"),
  "out-of-range": app("image: shop:1\nport: 80800\n"),
  "empty-value": app("image: shop:1\nservices:\n  web:\n  worker: { command: [work] }\n"),
  "duplicate-item": app('image: shop:1\npublish: ["80:80", "80:80"]\n'),
  "address-missing": { files: repo({ "machines/web-1.yaml": "labels: { role: web }\n" }) },
  "duplicate-address": { files: repo({ "machines/web-2.yaml": machine("10.0.0.11") }) },
  "duplicate-host-key": {
    files: repo({
      "machines/web-1.yaml": machine("10.0.0.11", `hostKey: ${key}\n`),
      "machines/web-2.yaml": machine("10.0.0.12", `hostKey: ${key}\n`),
    }),
  },
  "bad-host-key": {
    files: repo({
      "machines/web-1.yaml": machine(
        "10.0.0.11",
        `hostKey: ${key.replace("ssh-ed25519", "ssh-rsa")}\n`,
      ),
    }),
  },
  "bad-private-address": {
    files: repo({ "machines/web-1.yaml": machine("10.0.0.11", "privateAddress: 127.0.0.1\n") }),
  },
  "unknown-jump": {
    files: repo({
      "machines/web-1.yaml": machine("10.0.0.11", "ssh: { jump: bastoin }\n"),
      "machines/bastion.yaml": machine("203.0.113.1"),
    }),
  },
  "jump-cycle": {
    files: repo({
      "machines/web-1.yaml": machine("10.0.0.11", "ssh: { jump: web-2 }\n"),
      "machines/web-2.yaml": machine("10.0.0.12", "ssh: { jump: web-1 }\n"),
    }),
  },
  "path-taken": {
    files: repo({
      "machines/web-1.yaml": machine("10.0.0.11", "files: { /etc/hosts: hosts }\n"),
      "machines/hosts": "",
    }),
  },
  "not-formattable": {
    files: repo({
      "machines/web-1.yaml": machine(
        "10.0.0.11",
        "mounts: { /data: { device: /dev/sdb, type: btrfs, format: true } }\n",
      ),
    }),
  },
  "sshd-unclear": {
    files: repo({ "machines/web-1.yaml": machine("10.0.0.11", "sshd: { Port: 2222 }\n") }),
  },
  "bad-public-key": {
    files: repo({
      "machines/web-1.yaml": machine(
        "10.0.0.11",
        `users: { ada: { keys: ["${key.slice(0, 40)}"] } }\n`,
      ),
    }),
  },
  "name-clash": app(image, "apps/web-1.yaml"),
  "name-too-long": app(
    `${image}services: { background-worker-for-mail: {} }\n`,
    "apps/shop-with-a-rather-long-name.yaml",
  ),
  "machines-missing": { files: repo({ ...two, "apps/shop.yaml": image }) },
  "unknown-machine": app(`${image}machines: wbe-1\n`),
  "selector-matches-nothing": app(`${image}machines: { role: wbe }\n`),
  "unknown-label-value": app(`${image}machines: { role: [web, wbe] }\n`),
  "unknown-per-machine": app(`${image}perMachine: { web-3: { instances: 2 } }\n`),
  "unused-per-machine": {
    files: repo({
      ...two,
      "apps/shop.yaml": `${image}machines: web-1\nperMachine: { web-2: { instances: 2 } }\n`,
    }),
  },
  "not-per-machine": app(`${image}perMachine: { web-1: { after: [] } }\n`),
  "not-per-service": app(`${image}services: { web: { renamedFrom: store } }\n`),
  "service-hides-name": {
    files: repo({ "apps/db.yaml": image, "apps/shop.yaml": `${image}services: { db: {} }\n` }),
  },
  "unknown-after": {
    files: repo({ "apps/db.yaml": image, "apps/shop.yaml": `${image}after: [bd]\n` }),
  },
  "after-cycle": {
    files: repo({
      "apps/db.yaml": `${image}after: [shop]\n`,
      "apps/shop.yaml": `${image}after: [db]\n`,
    }),
  },
  "renamed-from-declared": {
    files: repo({ "apps/store.yaml": image, "apps/shop.yaml": `${image}renamedFrom: store\n` }),
  },
  "image-missing": app("port: 80\n"),
  "bad-command": app(`${image}command: serve 'all\n`),
  "no-shell": app(`${image}command: serve | tee log\n`),
  "not-interpolated": app(`${image}env: { LEVEL: "\${LEVEL:-info}" }\n`),
  "bad-publish": app(`${image}publish: ["80-82:80"]\n`),
  "port-clash": {
    files: repo({
      "apps/blog.yaml": `${image}publish: ["80:80"]\n`,
      "apps/shop.yaml": `${image}publish: ["public:80:8080"]\n`,
    }),
  },
  "port-of-sshd": app(`${image}publish: ["public:22:22"]\n`),
  "unknown-port": app(`${image}port: { http: 80 }\nlisten: { htpp: 8080 }\n`),
  "listen-unclear": app(`${image}listen: 8080\n`),
  "listen-taken": {
    files: repo({
      ...two,
      "apps/shop.yaml": `${image}machines: all\nport: 80\nroutes: [{ host: shop.example.com }]\n`,
    }),
  },
  "publish-on-host-network": app(`${image}network: host\npublish: ["80:80"]\n`),
  "sysctl-on-host-network": app(`${image}network: host\nsysctls: { net.core.somaxconn: 1024 }\n`),
  "start-first-holds-port": app(`${image}publish: ["80:80"]\ndeploy: { strategy: start-first }\n`),
  "private-unreachable": {
    files: repo({
      "machines/db-1.yaml": machine("203.0.113.20"),
      "apps/db.yaml": `${image}machines: db-1\npublish: ["5432:5432"]\n`,
      "apps/shop.yaml": `${image}machines: web-1\nafter: [db]\n`,
    }),
  },
  "health-unclear": app(`${image}port: 80\nhealth: { http: /up, tcp: true }\n`),
  "health-without-port": app(`${image}health: { http: /up }\n`),
  "release-unclear": app(
    "release: { command: [migrate] }\nservices:\n  web: { image: shop:1 }\n  cache: { image: redis:7 }\n",
  ),
  "canary-unclear": app(`${image}port: 80\ndeploy: { canary: 10% }\n`),
  "bad-resources": app(`${image}resources: { memory: 512k }\n`),
  "bad-ulimit": app(`${image}ulimits: { nofile: { soft: 2048, hard: 1024 } }\n`),
  "reserved-name": app(`${image}env: { SLIPWAY_APP: shop }\n`),
  "too-many-routes": app(
    `${image}port: 80\nservices: { a: {}, b: {} }\nroutes:\n${many(101, (i) => `  - host: [${many(100, (n) => `h${n}.r${i}.b`).replaceAll("\n", ", ")}]`)}\n`,
  ),
  "route-clash": {
    files: repo({
      "apps/blog.yaml": routed("shop.example.com"),
      "apps/shop.yaml": routed("shop.example.com"),
    }),
  },
  "route-unclear": app(
    `${image}routes: [{ host: www.example.com, redirect: "https://example.com", gzip: true }]\n`,
  ),
  "route-without-port": app(`${image}routes: [{ host: shop.example.com }]\n`),
  "route-unreachable": {
    files: repo({
      "machines/edge-1.yaml": machine("203.0.113.1"),
      "apps/shop.yaml": `${routed("shop.example.com, via: edge-1")}machines: web-1\nlisten: off\n`,
    }),
  },
  "certificate-unclear": app(routed("'*.example.com'")),
  "bad-schedule": app('image: shop:1\nfreeze: [{ schedule: "61 17 * * 5", for: 62h }]\n'),
  "unknown-timezone": app(
    'image: shop:1\nfreeze: [{ schedule: "0 17 * * 5", for: 62h, timezone: Europe/Berln }]\n',
  ),
  "bad-date": app("image: shop:1\npaused: { reason: moving, until: 2026-02-30 }\n"),
  "mount-clash": app(`${image}volumes: { data: /srv, more: /srv/ }\n`),
  "volume-names-differ": app(
    `${image}services:\n  web: { volumes: { data: { path: /a, name: old } } }\n  api: { volumes: { data: /a } }\n`,
  ),
  "volume-shared": {
    files: repo({
      "apps/db.yaml": `${image}volumes: { data: { path: /a, name: shop_data } }\n`,
      "apps/shop.yaml": `${image}volumes: { data: /a }\n`,
    }),
  },
  "adopt-clash": {
    files: repo({
      "apps/db.yaml": `${image}adopt: pg\n`,
      "apps/shop.yaml": `${image}adopt: pg\n`,
    }),
  },
  "adopt-without-instance": app(`${image}adopt: [shop-1, shop-2]\n`),
  "bad-source": app(`${image}files: { /etc/a: 'conf\\a' }\n`),
  "source-missing": app(`${image}files: { /etc/a: a.conf }\n`),
  "source-escapes": app(`${image}files: { /etc/a: ../slipway.yaml }\n`),
  "flat-app-ships-yaml": {
    files: repo({
      "apps/blog.yaml": image,
      "apps/shop.yaml": `${image}files: { /etc/a: rules/a.yaml }\n`,
      "apps/rules/a.yaml": "a: b\n",
    }),
  },
  "ships-own-document": app(`${image}files: { /etc/a: app.yaml }\n`, "apps/shop/app.yaml"),
  "ships-too-many": {
    files: repo({
      "apps/shop/app.yaml": `${image}files: { /srv/site: site/ }\n`,
      ...Object.fromEntries(
        Array.from({ length: 2_001 }, (_, i) => [`apps/shop/site/${i}.html`, ""]),
      ),
    }),
  },
  "secret-not-encrypted": { files: repo({ "secrets/shop.yaml": "DB_PASSWORD: hunter2\n" }) },
  "bad-secret": { files: repo({ "secrets/shop.yaml": "DB: { PASSWORD: hunter2 }\n" }) },
  "secret-ambiguous": {
    files: repo({
      "secrets/shop.yaml": armoredYaml("LICENSE"),
      "secrets/LICENSE.age": "x",
      "apps/shop.yaml": `${image}secrets: [LICENSE]\n`,
    }),
  },
  "unknown-secret": withSecret(`${image}secrets: [DB_PASWORD]\n`),
  "secret-unclear": withSecret(
    `${image}env: { A: { secret: DB_PASSWORD, template: "\${DB_PASSWORD}" } }\n`,
  ),
  "env-clash": withSecret(`${image}env: { DB_PASSWORD: none }\nsecrets: [DB_PASSWORD]\n`),
  "bad-template": withSecret(`${image}env: { URL: { template: "db:\${DB_PASSWORD" } }\n`),
  "template-without-secret": app(`${image}env: { URL: { template: "db:$$" } }\n`),
  "stray-secret": { files: repo({ "secrets/tls.key": "x" }) },
};
