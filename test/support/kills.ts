import type { Child } from "./processes.ts";
import type { ProxiedSite } from "./proxied-site.ts";
import type { Moment } from "./rollout-moments.ts";

/** Something that dies, or is lost. */
export interface Kill {
  readonly name: string;
  /** It takes connections with it; `refuses`: and none comes about for a while. */
  readonly loses?: "cuts" | "refuses";
  /** Gives what brings it back, where it does not come back by itself. */
  strike(on: Struck): Promise<(() => Promise<void>) | undefined>;
}

export interface Struck {
  readonly site: ProxiedSite;
  readonly machine: string;
  readonly controller: Child;
}

const controller: Kill = {
  name: "the controller",
  strike: async ({ controller: { process } }) => {
    process.kill("SIGKILL");
    return undefined;
  },
};

const ofMachine: readonly Kill[] = [
  {
    name: "the engine",
    strike: async ({ site, machine }) => {
      const { faults } = site.fleet.machine(machine);
      await faults.stopDockerd();
      return () => faults.startDockerd();
    },
  },
  {
    name: "the engine, which is back at once,",
    strike: async ({ site, machine }) => {
      const { faults } = site.fleet.machine(machine);
      await faults.stopDockerd();
      await faults.startDockerd();
      return undefined;
    },
  },
  {
    name: "the connection",
    strike: async ({ site, machine }) => {
      const { faults } = site.fleet.machine(machine);
      await faults.stopSshd();
      return () => faults.startSshd();
    },
  },
  {
    name: "the connection, for a moment,",
    strike: async ({ site, machine }) => {
      const { faults } = site.fleet.machine(machine);
      await faults.stopSshd();
      await faults.startSshd();
      return undefined;
    },
  },
];

/** Its own processes, with `$1` the first of them, and its container. */
const proxyScripts: readonly (readonly [name: string, script: string])[] = [
  ["proxy", 'kill -9 "$1"'],
  ["proxy's worker", 'kill -9 $(pgrep -P "$1")'],
  // Which the engine does not start again.
  ["proxy's container", 'docker kill "$2"'],
];

/** Of two that run, the one that was there first, while it still is, or the other. */
const ofProxy = (which: "" | "former " | "other "): readonly Kill[] =>
  proxyScripts.map(([name, script]) => ({
    name: `the ${which}${name}`,
    loses: which === "former " ? "cuts" : "refuses",
    strike: async ({ site, machine }) => {
      const ids = await site.proxies(machine);
      const id = which === "former " ? ids.at(-2) : ids.at(-1);
      if (id === undefined) return undefined;
      const pid = await site.docker(machine, "inspect", "-f", "{{.State.Pid}}", id);
      await site.fleet.machine(machine).exec(["sh", "-c", script, "sh", pid, id]);
      return undefined;
    },
  }));

export const killsAt = ({ two }: Moment): readonly Kill[] => [
  controller,
  ...ofMachine,
  ...(two === true ? [...ofProxy("former "), ...ofProxy("other ")] : ofProxy("")),
];
