import fc from "fast-check";
import { referenceOf } from "./sim/registry.ts";
import { usualCheck } from "../../src/kinds/shared/proxy/layout.ts";
import type {
  ProxyListen,
  ProxyPool,
  ProxyRoute,
  ProxySpec,
} from "../../src/kinds/shared/proxy/spec.ts";

/** What `haproxy:lts` means. */
export const proxyReference = referenceOf("haproxy:lts");

export const emptyProxy: ProxySpec = {
  fleet: "acme",
  image: "haproxy:lts",
  reference: proxyReference,
  routes: [],
  listens: [],
  pools: [],
  trust: [],
  peers: [],
};

export const poolOf = (name: string, more: Partial<ProxyPool> = {}): ProxyPool => ({
  name,
  app: name.replace(/\/.*/, ""),
  protocol: "http",
  port: 8080,
  local: [{ instance: 1, address: "172.18.0.5" }],
  remote: [],
  check: usualCheck,
  sticky: false,
  gzip: false,
  ...more,
});

export const routeOf = (host: string, more: Partial<ProxyRoute> = {}): ProxyRoute => ({
  host,
  path: "/",
  tls: "off",
  stripPath: false,
  maintenance: false,
  gzip: false,
  sticky: false,
  ...more,
});

const appName = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
const address = fc.ipV4().filter((ip) => !ip.startsWith("0.") && ip !== "255.255.255.255");
const duration = fc.constantFrom(500, 1_000, 5_000);

const anyPool = fc
  .record({
    app: appName,
    second: fc.option(fc.constantFrom("ssh", "api"), { nil: undefined }),
    protocol: fc.constantFrom("http" as const, "tcp" as const),
    port: fc.integer({ min: 1, max: 65_535 }),
    local: fc.array(fc.option(address, { nil: undefined }), { maxLength: 5 }),
    remote: fc.uniqueArray(fc.tuple(appName, fc.oneof(address, fc.constant("fd00::7"))), {
      maxLength: 5,
      selector: ([machine]) => machine,
    }),
    path: fc.option(fc.constantFrom("/up", "/health?deep=1&x=%20", "/"), { nil: undefined }),
    intervalMs: duration,
    timeoutMs: duration,
    sticky: fc.boolean(),
    gzip: fc.boolean(),
  })
  .map(({ app, second, local, remote, path, intervalMs, timeoutMs, ...rest }): ProxyPool => ({
    ...rest,
    name: second === undefined ? app : `${app}/${second}`,
    app,
    local: local.map((ip, i) => ({
      instance: i + 1,
      ...(ip === undefined ? {} : { address: ip }),
    })),
    remote: remote.map(([machine, ip]) => ({ machine, address: ip, port: 8080 })),
    check: { intervalMs, timeoutMs, ...(path === undefined ? {} : { path }) },
  }));

const anyRoute = (pools: readonly string[]): fc.Arbitrary<ProxyRoute> =>
  fc.record(
    {
      host: fc.constantFrom("shop.example.com", "*.example.com", "example.org", "xn--bcher-kva.de"),
      path: fc.constantFrom("/", "/api", "/api/v2", "/a;b", "/%7Euser/#"),
      pool: fc.constantFrom(...pools),
      redirect: fc.constantFrom("https://other.example.com", "http://10.0.0.1:8080"),
      tls: fc.constantFrom("on" as const, "off" as const),
      stripPath: fc.boolean(),
      maintenance: fc.boolean(),
      gzip: fc.boolean(),
      sticky: fc.boolean(),
      maxBodyBytes: fc.constantFrom(1, 1024 ** 3),
      timeoutMs: fc.constantFrom(500, 3_600_000),
      rate: fc.record({
        requests: fc.integer({ min: 1, max: 1000 }),
        perMs: fc.constantFrom(1_000, 60_000, 86_400_000, 1_500),
      }),
    },
    {
      requiredKeys: [
        "host",
        "path",
        "tls",
        "stripPath",
        "maintenance",
        "gzip",
        "sticky",
        ...(pools.length === 0 ? [] : (["pool"] as const)),
      ],
    },
  );

/** Every part by itself as it may come; together not always what a fleet would declare. */
export const anyProxy: fc.Arbitrary<ProxySpec> = fc
  .uniqueArray(anyPool, { maxLength: 5, selector: ({ name }) => name })
  .chain((pools) => {
    const http = pools.filter(({ protocol }) => protocol === "http").map(({ name }) => name);
    return fc.record({
      fleet: fc.constantFrom("acme", "acme-staging"),
      image: fc.constant("haproxy:lts"),
      reference: fc.constant(proxyReference),
      pools: fc.constant(pools),
      routes:
        http.length === 0
          ? fc.constant([])
          : fc.uniqueArray(anyRoute(http), {
              maxLength: 6,
              selector: ({ host, path }) => `${host}${path}`,
            }),
      listens: fc.subarray(pools).map((some) =>
        some.map(({ name, protocol }, i): ProxyListen => ({
          port: 30_000 + i,
          addresses: ["127.0.0.1", "127.0.0.2"],
          protocol,
          pools: [{ pool: name, names: [name.replace("/", "-")] }],
        })),
      ),
      trust: fc.subarray(["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"]),
      peers: fc.array(address, { maxLength: 4 }),
    });
  });
