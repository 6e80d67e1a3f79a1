import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { startPebble, type Pebble } from "./pebble.ts";
import { sealing, type Sealing } from "./sealed.ts";
import { openStage, type Stage } from "./stage.ts";

export const machines = ["web-1", "web-2"] as const;

/** What a client is shown for a host. */
interface Shown {
  readonly issuer: string;
  readonly fingerprint: string;
  readonly isTrusted: boolean;
}

/** Two machines, an authority that finds them by HTTP, and a command that sets records where it looks them up. */
export interface CertifiedStage {
  readonly stage: Stage;
  readonly pebble: Pebble;
  readonly key: Sealing;
  /** Beside the clone. */
  place(name: string): string;
  settings(directory: string, more?: string): string;
  app(...routes: readonly string[]): string;
  /** A pass that converges, by the command line. */
  reconcile(env?: NodeJS.ProcessEnv): Promise<RevisionOutcome>;
  nothingIsLeft(): Promise<void>;
  shownOn(machine: string, servername: string): Promise<Shown>;
  /** By all proxies the same. */
  shown(host: string): Promise<Shown>;
  /** The proxies' containers with the ids of their processes. */
  proxies(): Promise<string>;
  status(): Promise<string>;
  close(): Promise<void>;
}

export async function openCertifiedStage(): Promise<CertifiedStage> {
  const [stage, pebble, key] = await Promise.all([
    openStage({ machines }),
    startPebble({ httpPort: 80 }),
    sealing(),
  ]);
  const { images, registry } = stage.fleet;
  await Promise.all([images?.push("shop", "1"), images?.pushProxy()]);
  const place = (name: string): string => join(stage.clone, "..", name);
  await writeFile(place("fleet.agekey"), `${key.identity}\n`, { mode: 0o600 });
  await writeFile(place("ca.pem"), pebble.ca);
  await writeFile(place("dns.sh"), dnsScript(place("dns"), pebble.names));
  await chmod(place("dns.sh"), 0o755);
  const own = {
    SLIPWAY_AGE_KEY: place("fleet.agekey"),
    SLIPWAY_ACME_CA: place("ca.pem"),
  };
  const slipway = async (argv: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    await stage.slipway(argv, { env: { ...own, ...env } });
  const shownOn = async (machine: string, servername: string): Promise<Shown> => {
    const ca = await pebble.root();
    const { address } = stage.fleet.machine(machine);
    const tls = { host: address, port: 443, servername, ca, rejectUnauthorized: false };
    const socket = connect(tls);
    await once(socket, "secureConnect");
    const { issuer, fingerprint256: fingerprint } = socket.getPeerCertificate();
    socket.destroy();
    return { issuer: String(issuer.CN), fingerprint, isTrusted: socket.authorized };
  };
  return {
    stage,
    pebble,
    key,
    place,
    settings: (directory, more = "") =>
      [
        "fleet: acme",
        `proxy: { image: "${registry?.address}/haproxy:lts" }`,
        `certificates: { directory: "${directory}"${more} }`,
        "defaults: { app: { deploy: { watch: 0s, stopTimeout: 1s, drain: 1s } } }",
        "",
      ].join("\n"),
    app: (...routes) =>
      [
        `image: ${registry?.address}/shop:1`,
        "machines: all",
        "port: 8080",
        "health: { http: /up, interval: 50ms, deadline: 20s }",
        `routes: [${routes.map((route) => `{ ${route} }`).join(", ")}]`,
        "",
      ].join("\n"),
    reconcile: async (env) => {
      const ran = await slipway(["--json", "reconcile"], env);
      assert.ok(ran.stdout !== "", ran.stderr);
      const outcome = JSON.parse(ran.stdout) as RevisionOutcome;
      assert.equal(outcome.outcome, "applied", JSON.stringify(outcome));
      return outcome;
    },
    nothingIsLeft: async () => {
      const plan = await slipway(["plan", "--exit-code"]);
      assert.equal(plan.code, 0, plan.stdout + plan.stderr);
    },
    shownOn,
    shown: async (host) => {
      const [first, second] = await Promise.all(machines.map((machine) => shownOn(machine, host)));
      assert.ok(first !== undefined);
      assert.deepEqual(second, first);
      return first;
    },
    proxies: async () => {
      const found = machines.map(async (machine) => {
        const { docker } = stage.fleet.machine(machine);
        const ids = await docker(["ps", "-q", "--no-trunc", "--filter", "label=slipway.proxy"]);
        return await docker(["top", ids.trim().split("\n")[0] ?? "", "-o", "pid,args"]);
      });
      return (await Promise.all(found)).join("");
    },
    status: async () => (await slipway(["status"])).stdout,
    close: async () => {
      await Promise.all([stage.close(), pebble.stop()]);
    },
  };
}

/** Fails or hangs where the file `how` says so. What it was told stands in `words`, and by what variables in `env`. */
const dnsScript = (place: string, names: string): string => `#!/bin/sh
echo "$*" >>'${place}.words'
env >'${place}.env'
case $(cat '${place}.how' 2>/dev/null) in
  fails) echo "zone $1: the token has no rights for $3" >&2; exit 1 ;;
  hangs) echo "$$" >'${place}.pid'; sleep 600; exit 1 ;;
esac
case $2 in
  set) what=set-txt body="{\\"host\\": \\"$3.\\", \\"value\\": \\"$4\\"}" ;;
  unset) what=clear-txt body="{\\"host\\": \\"$3.\\"}" ;;
esac
curl -sSf -d "$body" "${names}/$what"
`;
