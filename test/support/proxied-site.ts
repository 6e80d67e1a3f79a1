import assert from "node:assert/strict";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { startLoad, type LoadReport, type Load } from "./load/load.ts";
import type { Clients } from "./load/crew.ts";
import { openSite, type Site, type SiteOptions, type Tags } from "./site.ts";

/** A site whose machines have proxies, and what tests ask of them past Slipway. */
export interface ProxiedSite extends Site {
  load(machines: readonly string[], clients?: Clients): Promise<Load>;
  /** Does something under load, and reports what clients noticed. */
  underLoad<T>(
    machines: readonly string[],
    work: (load: Load) => Promise<T>,
    clients?: Clients,
  ): Promise<{ readonly done: T; readonly report: LoadReport }>;
  docker(machine: string, ...argv: string[]): Promise<string>;
  /** Of the proxy's containers that run, oldest first. */
  proxies(machine: string): Promise<readonly string[]>;
  /** Says something at the proxy's runtime socket. */
  say(machine: string, text: string): Promise<string>;
  /** What an app answers by its route. */
  ask(machine: string, host: string, path?: string): Promise<string>;
}

/** Idempotent requests one after another: what a proxy may repeat. */
export const readers: Clients = { posts: false, streams: 0, sockets: 0 };

export async function openProxiedSite(
  machines: Parameters<typeof openSite>[0]["machines"],
  tags: Tags,
  options: SiteOptions = {},
): Promise<ProxiedSite> {
  const site = await openSite({ machines, ...options }, tags);
  const machine = (name: string) => site.fleet.machine(name);
  const docker: ProxiedSite["docker"] = async (name, ...argv) =>
    (await machine(name).docker(argv)).trim();
  const load: ProxiedSite["load"] = (names, clients) =>
    startLoad(
      names.map((name) => ({ url: "http://shop.test/", address: machine(name).address })),
      { kept: 6, fresh: 2, pauseMs: 20, streamMs: 20, streamChunks: 30, ...clients },
    );
  return {
    ...site,
    docker,
    load,
    underLoad: async (names, work, clients) => {
      const started = await load(names, clients);
      try {
        const done = await work(started);
        return { done, report: await started.stop() };
      } catch (error) {
        const report = JSON.stringify(await started.stop());
        throw new Error(`${String(error)}; under a load that saw ${report}`, { cause: error });
      }
    },
    proxies: async (name) => {
      const label = "label=slipway.proxy=serving";
      const ids = await docker(name, "ps", "-q", "--no-trunc", "--filter", label);
      return ids
        .split("\n")
        .filter((id) => id !== "")
        .toReversed();
    },
    say: async (name, text) => {
      const socket = "/var/lib/slipway/acme/proxy/run/admin.sock";
      const { stdout, stderr } = await machine(name).exec(["perl", "-e", talk, socket, text]);
      assert.equal(stderr, "");
      return stdout;
    },
    ask: async (name, host, path = "/") => {
      const url = `http://${machine(name).address}${path}`;
      const argv = ["curl", "-sS", "--max-time", "10", "-H", `Host: ${host}`, url];
      return (await machine(name).exec(argv)).stdout;
    },
  };
}

const talk = `use IO::Socket::UNIX;
my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$!\\n";
print $s "$ARGV[1]\\n"; print while <$s>;`;

export const noFailure = (report: LoadReport, outcome?: RevisionOutcome): void =>
  assert.deepEqual(report.failures, {}, JSON.stringify({ ...report, outcome }));
