import fc from "fast-check";
import type { Found } from "../../src/adopt/found.ts";
import type { JsonObject } from "../../src/lib/json.ts";

/** What somebody says to `docker run`. */
export interface Told {
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly cmd?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly hostname?: string;
  readonly domain?: string;
  readonly macAddress?: string;
  readonly stopTimeout?: number;
  readonly stopSignal?: string;
  readonly mounts: readonly JsonObject[];
  readonly ports: readonly (readonly [container: string, ip: string, host: string])[];
  readonly host: JsonObject;
  readonly network: string;
}

export const nothingTold: Told = {
  env: {},
  labels: {},
  mounts: [],
  ports: [],
  host: {},
  network: "default",
};

const digest = `sha256:${"a".repeat(64)}`;
const id = "0123456789abcdef".repeat(4);

export const image: JsonObject = {
  Id: digest,
  RepoDigests: [`nginx@${digest}`],
  Config: {
    Env: ["PATH=/usr/bin:/bin", "VERSION=1"],
    Cmd: ["nginx", "-g", "daemon off;"],
    Entrypoint: ["/docker-entrypoint.sh"],
    WorkingDir: "/srv",
    StopSignal: "SIGQUIT",
    Labels: { maintainer: "someone" },
    Healthcheck: { Test: ["CMD", "true"] },
  },
};

/** As Docker Engine 28 inspects what was made so. */
export function inspected(name: string, told: Partial<Told>, network?: JsonObject): Found {
  const all = { ...nothingTold, ...told };
  const config = image["Config"] as JsonObject;
  const mode = all.network === "default" ? "bridge" : all.network;
  const given: Readonly<Record<string, string>> = Object.fromEntries(
    (config["Env"] as string[]).map((entry) => [
      entry.split("=", 1)[0] ?? "",
      entry.slice(entry.indexOf("=") + 1),
    ]),
  );
  const env = Object.entries({ ...given, ...all.env }).map(([key, value]) => `${key}=${value}`);
  const bindings = Map.groupBy(all.ports, ([container]) => container);
  const inspect: JsonObject = {
    Id: id,
    Name: `/${name}`,
    Created: "2026-01-01T00:00:00Z",
    Image: digest,
    RestartCount: 0,
    State: {
      Status: "running",
      Running: true,
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      ExitCode: 0,
      Error: "",
      StartedAt: "2026-01-01T00:00:00Z",
      FinishedAt: "0001-01-01T00:00:00Z",
    },
    Config: {
      ...config,
      Hostname: all.hostname ?? (mode === "host" ? "server" : id.slice(0, 12)),
      Domainname: all.domain ?? "",
      ...(all.macAddress === undefined ? {} : { MacAddress: all.macAddress }),
      Env: env,
      Image: "nginx:1.25",
      User: all.user ?? "",
      WorkingDir: all.workingDir ?? "/srv",
      Entrypoint: all.entrypoint ?? ["/docker-entrypoint.sh"],
      Cmd: all.cmd ?? (all.entrypoint === undefined ? (config["Cmd"] ?? null) : null),
      StopSignal: all.stopSignal ?? "SIGQUIT",
      ...(all.stopTimeout === undefined ? {} : { StopTimeout: all.stopTimeout }),
      Labels: { maintainer: "someone", ...all.labels },
      Tty: false,
      OpenStdin: false,
    },
    Mounts: all.mounts,
    HostConfig: {
      Binds: null,
      NetworkMode: mode,
      PortBindings: Object.fromEntries(
        [...bindings].map(([container, list]) => [
          container,
          list.map(([, HostIp, HostPort]) => ({ HostIp, HostPort })),
        ]),
      ),
      RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
      AutoRemove: false,
      CapAdd: null,
      CapDrop: null,
      CgroupnsMode: "private",
      CgroupParent: "",
      Dns: [],
      DnsOptions: [],
      DnsSearch: [],
      ExtraHosts: null,
      GroupAdd: null,
      IpcMode: "private",
      Links: null,
      OomScoreAdj: 0,
      PidMode: "",
      Privileged: false,
      PublishAllPorts: false,
      ReadonlyRootfs: false,
      SecurityOpt: null,
      UTSMode: "",
      UsernsMode: "",
      ShmSize: 67_108_864,
      Runtime: "runc",
      LogConfig: { Type: "json-file", Config: {} },
      Memory: 0,
      NanoCpus: 0,
      MemorySwap: 0,
      PidsLimit: null,
      Ulimits: null,
      Devices: [],
      DeviceRequests: null,
      CpusetCpus: "",
      ...all.host,
    },
    NetworkSettings: { Networks: { [mode]: { Aliases: null, IPAMConfig: null, ...network } } },
  };
  return { inspect, image };
}

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const text = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .filter((one) => !/[\p{Cc}\p{Cs}]/u.test(one));
const size = fc.integer({ min: 8 * 1024, max: 4_000_000 }).map((n) => n * 1024);

const host: fc.Arbitrary<JsonObject> = fc.record(
  {
    Memory: size,
    NanoCpus: fc.integer({ min: 1, max: 400 }).map((n) => n * 10_000_000),
    PidsLimit: fc.integer({ min: 1, max: 1000 }),
    RestartPolicy: fc
      .constantFrom("no", "always", "unless-stopped", "on-failure")
      .map((Name) => ({ Name, MaximumRetryCount: 0 })),
    ReadonlyRootfs: fc.boolean(),
    Privileged: fc.boolean(),
    Init: fc.boolean(),
    CapAdd: fc.subarray(["CAP_NET_ADMIN", "SYS_TIME"]),
    CapDrop: fc.subarray(["ALL"]),
    Dns: fc.subarray(["10.0.0.2", "10.0.0.3"]),
    SecurityOpt: fc.subarray(["no-new-privileges"]),
    GroupAdd: fc.subarray(["998", "video"]),
    ShmSize: size,
    Tmpfs: fc.dictionary(
      word.map((name) => `/tmp/${name}`),
      fc.constantFrom("", "size=64m", "rw,noexec"),
      {
        maxKeys: 2,
      },
    ),
    Ulimits: fc.constantFrom([], [{ Name: "nofile", Soft: 1024, Hard: 2048 }]),
    Sysctls: fc.constantFrom({}, { "net.core.somaxconn": "512" }),
    Devices: fc.constantFrom(
      [],
      [{ PathOnHost: "/dev/dri", PathInContainer: "/dev/dri", CgroupPermissions: "rwm" }],
    ),
    ExtraHosts: fc.constantFrom([], ["legacy.example.com:10.0.0.5", "host:host-gateway"]),
    CpusetCpus: fc.constantFrom("", "0-1"),
    LogConfig: fc.constantFrom(
      { Type: "json-file", Config: {} },
      { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
      { Type: "local", Config: {} },
    ),
  },
  { requiredKeys: [] },
);

/** Any way in which somebody may have started a container that an app can be. */
export const anyTold: fc.Arbitrary<Told> = fc
  .record({
    env: fc.dictionary(
      fc.constantFrom(
        "GREETING",
        "DB_PASSWORD",
        "API_TOKEN",
        "PATH",
        "EMPTY",
        "dotted.name",
        "VERSION",
        "LINES",
      ),
      fc.oneof(
        text,
        fc.constantFrom("1.10", "yes", "null", "a\nb\n", "$HOME", "it's", "postgres://a:b@c/d"),
      ),
    ),
    labels: fc.dictionary(
      fc.constantFrom("team", "traefik.http.routers.a.rule", "basic.auth"),
      text,
    ),
    more: fc.record(
      {
        cmd: fc.array(word, { minLength: 1, maxLength: 3 }),
        entrypoint: fc.array(word, { minLength: 1, maxLength: 2 }),
        user: fc.constantFrom("1000:1000", "nobody"),
        workingDir: fc.constantFrom("/", "/work"),
        hostname: word,
        stopTimeout: fc.integer({ min: 0, max: 600 }),
        stopSignal: fc.constantFrom("SIGINT", "SIGTERM"),
        network: fc.constantFrom("default", "host", "own_default"),
      },
      { requiredKeys: [] },
    ),
    mounts: fc.subarray([
      { Type: "volume", Name: "own_data", Source: "/v", Destination: "/data", RW: true },
      { Type: "volume", Name: "f".repeat(64), Source: "/v", Destination: "/var/lib/x", RW: true },
      { Type: "bind", Source: "/srv/conf", Destination: "/conf", RW: false },
      { Type: "bind", Source: "/srv/www", Destination: "/www", RW: true },
      { Type: "tmpfs", Source: "", Destination: "/scratch", RW: true },
    ]),
    ports: fc.subarray([
      ["80/tcp", "", "8080"] as const,
      ["80/tcp", "127.0.0.1", "9090"] as const,
      ["53/udp", "0.0.0.0", "53"] as const,
      ["443/tcp", "::", "8443"] as const,
      ["443/tcp", "10.0.0.11", "443"] as const,
    ]),
    host,
  })
  .map(({ more, ...told }) => possible({ ...nothingTold, ...told, ...more }));

/** What the engine refuses with the machine's own network is not there. */
function possible({ hostname, ...told }: Told): Told {
  if (told.network === "host") return { ...told, host: { ...told.host, Sysctls: {} } };
  return hostname === undefined ? told : { ...told, hostname };
}
