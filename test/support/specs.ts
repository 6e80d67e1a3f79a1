import fc from "fast-check";
import type { ContainerSpec } from "../../src/kinds/index.ts";
import { EngineSim, type SimImage } from "./engine-sim.ts";
import type { SecretEnv } from "../../src/kinds/shared/container/spec.ts";
import { pretendedDigests } from "./secrets.ts";

const digest = (n: number): string => `sha256:${String(n).repeat(64).slice(0, 64)}`;

export const imageReference = (n: number): string => `registry.example.com/shop@${digest(n)}`;

const simImage = (n: number): SimImage => ({
  id: digest(n),
  digests: [imageReference(n)],
  tags: [`registry.example.com/shop:1.${n}`],
  config: {
    Env: ["PATH=/usr/bin:/bin", "FROM_IMAGE=yes"],
    Cmd: ["/app"],
    WorkingDir: "/srv",
    Labels: { maintainer: "someone" },
  },
});

/** A machine with images 1 to 9, the fleet's bridge and one of an app. */
export function machine(): EngineSim {
  const sim = new EngineSim();
  for (let n = 1; n <= 9; n++) sim.engine.images.push(simImage(n));
  for (const name of ["slipway-acme", "slipway-acme-shop"])
    sim.engine.call("POST", ["networks", "create"], {}, { Name: name });
  sim.disk.write("/var/lib/slipway/acme/hosts", "");
  sim.disk.write("/etc/hosts", "127.0.0.1 localhost\n");
  return sim;
}

export const MiB = 1024 * 1024;

export const plain: ContainerSpec = {
  fleet: "acme",
  app: "shop",
  family: "shop",
  instance: 1,
  revision: "1111111111111111111111111111111111111111",
  imageText: "registry.example.com/shop:1.1",
  image: imageReference(1),
  env: { GREETING: "hello", SLIPWAY_APP: "shop", SLIPWAY_INSTANCE: "1", SLIPWAY_MACHINE: "web-1" },
  labels: {},
  mounts: [
    {
      type: "bind",
      source: "/var/lib/slipway/acme/hosts",
      target: "/etc/hosts",
      readOnly: true,
    },
  ],
  ports: [],
  served: [],
  networks: [{ name: "slipway-acme", aliases: ["shop"] }],
  limits: {},
  restart: "unless-stopped",
  stopTimeoutSeconds: 10,
  logs: { maxSizeBytes: 10 * MiB, maxFiles: 3 },
  running: true,
  strategy: "start-first",
  watchMs: 0,
  probe: { by: "http", path: "/up", port: 8080 },
  probeIntervalMs: 1000,
  probeTimeoutMs: 5000,
  probeDeadlineMs: 60_000,
};

/** Every field, with a value. */
export const full: ContainerSpec = {
  ...plain,
  command: ["serve", "--greeting", "it's $HOME"],
  entrypoint: ["/entry"],
  user: "1000:1000",
  workingDir: "/work",
  hostname: "shop-one",
  secretEnv: { DATABASE: secretEnv("1"), TOKEN: secretEnv("2") },
  labels: { "com.example.team": "shop" },
  mounts: [
    ...plain.mounts,
    { type: "volume", source: "shop_data", target: "/data", readOnly: false },
    { type: "bind", source: "/srv/media", target: "/media", readOnly: true },
  ],
  ports: [
    { hostIp: "10.0.0.11", hostPort: 8080, containerPort: 80, protocol: "tcp" },
    { hostIp: "", hostPort: 5353, containerPort: 53, protocol: "udp" },
  ],
  networks: [
    { name: "slipway-acme", aliases: ["shop", "shop.web-1"] },
    { name: "slipway-acme-shop", aliases: ["web"] },
  ],
  limits: {
    memoryBytes: 256 * MiB,
    memoryReservationBytes: 128 * MiB,
    memorySwapBytes: 300 * MiB,
    cpus: 0.5,
    cpuShares: 512,
    cpuset: "0-1",
    pids: 200,
  },
  stopSignal: "SIGINT",
  init: true,
  readOnly: true,
  privileged: false,
  tmpfs: { "/tmp": "size=16m,mode=1777", "/run": "" },
  shmSizeBytes: 32 * MiB,
  ulimits: [{ name: "nofile", soft: 1024, hard: 2048 }],
  capAdd: ["CAP_NET_ADMIN", "sys_time"],
  capDrop: ["ALL"],
  devices: [{ host: "/dev/null", container: "/dev/nothing", permissions: "rw" }],
  sysctls: { "net.core.somaxconn": "512" },
  dns: ["10.0.0.2"],
  securityOpt: ["no-new-privileges"],
  groupAdd: ["1001"],
  strategy: "stop-first",
};

/** Any name that may stand in the repo. */
export const fileName: fc.Arbitrary<string> = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 10 })
  .filter((name) => !/[\p{Cc}/]/u.test(name) && name !== "." && name !== "..");

const words = fc.array(fc.string({ unit: "grapheme", maxLength: 8 }), { maxLength: 3 });
const envKey = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
const nice = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);

/** A variable with the password of this version in it. */
export function secretEnv(version: string): SecretEnv {
  const text = [`shop:`, { name: "shop.PASSWORD", id: version }, "@db"];
  return { text, fingerprint: pretendedDigests.fingerprint(text, "key") };
}

/** An instance of `shop`, varied in what is compared. */
export const anySpec: fc.Arbitrary<ContainerSpec> = fc
  .record(
    {
      image: fc.integer({ min: 1, max: 9 }).map(imageReference),
      env: fc.dictionary(envKey, fc.string({ unit: "grapheme" }), { maxKeys: 4 }),
      secretEnv: fc.dictionary(
        envKey.map((key) => `S_${key}`),
        nice.map(secretEnv),
        { minKeys: 1, maxKeys: 3 },
      ),
      labels: fc.dictionary(nice, fc.string({ unit: "grapheme" }), { maxKeys: 2 }),
      strategy: fc.constantFrom("start-first", "stop-first"),
      restart: fc.constantFrom("no", "always", "unless-stopped", "on-failure"),
      running: fc.boolean(),
      limits: fc.record(
        {
          memoryBytes: fc.integer({ min: 8, max: 512 }).map((n) => n * MiB),
          cpus: fc.integer({ min: 1, max: 400 }).map((n) => n / 100),
          cpuShares: fc.integer({ min: 2, max: 4096 }),
          pids: fc.integer({ min: 1, max: 1000 }),
        },
        { requiredKeys: [] },
      ),
      command: words,
      entrypoint: words,
      user: nice,
      workingDir: fc.constantFrom("/a", "/b"),
      hostname: nice,
      readOnly: fc.boolean(),
      init: fc.boolean(),
      capAdd: fc.subarray(["NET_ADMIN", "CAP_CHOWN", "sys_time"]),
      dns: fc.subarray(["10.0.0.2", "10.0.0.3"]),
      ports: fc.constantFrom(
        [],
        [{ hostIp: "", hostPort: 80, containerPort: 8080, protocol: "tcp" as const }],
      ),
      networks: fc.constantFrom(plain.networks, full.networks, "host" as const),
      probe: fc.constantFrom("off" as const, plain.probe),
    },
    { requiredKeys: [] },
  )
  .map((members) => fixStrategy({ ...plain, ...defined(members) }));

/** As compiling does: what holds a host port is not started beside the one before. */
const fixStrategy = (spec: ContainerSpec): ContainerSpec =>
  spec.ports.length > 0 ? { ...spec, strategy: "stop-first" } : spec;

const defined = (members: object): Partial<ContainerSpec> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
