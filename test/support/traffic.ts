import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import { join } from "node:path";
import { runSteps, type StepContext } from "../../src/apply/steps.ts";
import { parseServers, type ProxyServer } from "../../src/lib/haproxy.ts";
import { localOf } from "../../src/kinds/shared/proxy/naming.ts";
import type { Sighting } from "../../src/model/outcome.ts";
import type { Step, Traffic } from "../../src/model/step.ts";
import { RemoteError, type Session } from "../../src/remote/session.ts";
import { poolOf, emptyProxy, routeOf } from "./proxy-specs.ts";
import { freePorts, startProxy } from "./running-haproxy.ts";

/** Where versions of an app listen, each at the same port. */
export const addresses = { one: "127.0.0.11", two: "127.0.0.12" } as const;

export type Version = keyof typeof addresses;

/** What befalls a call to the machine: it is lost before it is done, or nothing listens there. */
export type Loses = (what: "exec" | "talk", text: string) => boolean | "network";

/** A real proxy of one machine, with an app by each name whose version one serves, and steps that are run against it. */
export interface Lane {
  readonly traffic: (app: string, more?: Partial<Traffic>) => Traffic;
  /** Runs steps; a sleep is over at once, after `meanwhile`. */
  run(steps: readonly Step[], options?: RunOptions): Promise<readonly Sighting[]>;
  /** Both slots of an app's instance, of its half for this machine. */
  slots(app: string, instance?: number): Promise<readonly ProxyServer[]>;
  /** As they stand in the configuration. */
  lines(app: string): Promise<readonly string[]>;
  /** What answers to a request for the app. */
  ask(app: string, path?: string): Promise<string>;
  say(line: string): Promise<string>;
  /** All requests for `/held` that have arrived are answered. */
  release(): void;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly loses?: Loses;
  readonly meanwhile?: (count: number) => unknown;
  readonly preempt?: AbortSignal;
  /** Counted: scripts, and what is said that changes something. */
  readonly onCall?: (what: "exec" | "talk") => void;
}

export async function openLane(apps: readonly string[]): Promise<Lane> {
  const ports = await freePorts(apps.length);
  const portOf = (app: string): number => ports[apps.indexOf(app)] ?? 0;
  const held: (() => void)[] = [];
  const servers = await Promise.all(
    apps.flatMap((app) =>
      (["one", "two"] as const).map((version) => serve(version, portOf(app), held)),
    ),
  );
  const proxy = await startProxy({
    ...emptyProxy,
    pools: apps.map((app) =>
      poolOf(app, {
        port: portOf(app),
        local: [{ instance: 1, address: addresses.one }],
      }),
    ),
    routes: apps.map((app) => routeOf(`${app}.test`, { pool: app })),
  });
  const { site } = proxy;
  const say = async (text: string): Promise<string> =>
    await proxy.say(text.trimEnd().replaceAll("/etc/slipway/", `${site.etc}/`));
  return {
    say,
    traffic: (app, more) => ({
      proxy: site.etc,
      instance: 1,
      pools: [{ name: app, port: portOf(app) }],
      ...more,
    }),
    run: async (steps, options = {}) => {
      const seen: Sighting[] = [];
      await runSteps(contextOf(say, options, seen), steps);
      return seen;
    },
    slots: async (app, instance = 1) =>
      (parseServers(await say("show servers state")) ?? []).filter(
        (s) => s.backend === localOf(app) && s.slot.startsWith(`i${instance}`),
      ),
    lines: async (app) => {
      const config = await readFile(join(site.etc, "haproxy.cfg"), "utf8");
      const [, text = ""] = config.split(`backend ${localOf(app)} from http\n`);
      return text.split("\n\n")[0]?.match(/(?<=^ {2}server )i1[ab] .*$/gm) ?? [];
    },
    ask: async (app, path = "/") => await ask(site.httpPort, `${app}.test`, path),
    release: () => {
      for (const answer of held.splice(0)) answer();
    },
    restart: proxy.restart,
    close: async () => {
      await proxy.stop();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function serve(version: Version, port: number, held: (() => void)[]): Promise<Server> {
  const server = createServer((asked, answer) => {
    if (asked.url === "/held") held.push(() => answer.end(version));
    else answer.writeHead(asked.url === "/broken" ? 500 : 200).end(version);
  });
  await new Promise<void>((resolve) => server.listen(port, addresses[version], resolve));
  return server;
}

const ask = async (port: number, host: string, path: string): Promise<string> =>
  await new Promise((resolve, reject) => {
    const sent = request({ port, path, headers: { host }, agent: false }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.once("end", () => resolve(text));
    });
    sent.once("error", reject);
    sent.end();
  });

function contextOf(
  say: (text: string) => Promise<string>,
  { loses = () => false, meanwhile, preempt, onCall }: RunOptions,
  seen: Sighting[],
): StepContext {
  const call = (what: "exec" | "talk", text: string): void => {
    if (what === "exec" || !text.startsWith("show ")) onCall?.(what);
    const lost = loses(what, text);
    if (lost !== false)
      throw new RemoteError("web-1", lost === true ? "unreachable" : lost, "nobody answers");
  };
  const session: Partial<Session> = {
    machine: "web-1",
    gone: new AbortController().signal,
    talk: async ({ text }) => {
      call("talk", text);
      return await say(text).catch((error: unknown) => {
        throw new RemoteError("web-1", "network", String(error));
      });
    },
    exec: async ({ argv: [command = "", ...rest] }) => {
      call("exec", rest.join(" "));
      return await new Promise((resolve) => {
        execFile(command, rest, { encoding: "buffer" }, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
        );
      });
    },
    // Containers are called as their versions.
    engine: ({ path }) => {
      const version = path.split("/")[2] as Version;
      const address = addresses[version];
      return Promise.resolve({
        status: 200,
        body: {
          Name: `/${version}`,
          State: { Running: true },
          NetworkSettings: { Networks: { bridge: { IPAddress: address } } },
        },
      });
    },
  };
  let now = 0;
  let count = 0;
  const context: Partial<StepContext> = {
    session: session as Session,
    redact: (text) => text,
    clock: {
      now: () => now,
      sleep: async (ms) => {
        now += ms;
        await meanwhile?.(++count);
      },
    },
    fence: () => Promise.resolve(() => undefined),
    preempt: preempt ?? new AbortController().signal,
    progress: () => undefined,
    saw: (sighting) => void seen.push(sighting),
  };
  return context as StepContext;
}
