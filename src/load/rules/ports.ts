import { PublishError, readPublish } from "../../lib/publish.ts";
import type { Where } from "../../model/diagnostic.ts";
import { portOfSshd } from "../proxies.ts";
import { atOn, readingOn, variantsOf } from "../expand.ts";
import { inShort, instancesOn, placeOf, type Repo, type Rule } from "./repo.ts";
import { clashesOf } from "./clashes.ts";
import { takenByProxy } from "./listens.ts";
import { heldPort, takenByMachine, type Taken } from "./taken.ts";

export const publishIsReadable: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      for (const [i, text] of (fields.publish ?? []).entries()) {
        const read = readPublish(text);
        if (read instanceof PublishError) report("bad-publish", at(["publish", i]), read.message);
      }
    }
  }
};

export const portsDiffer: Rule = (repo, report) => {
  const taken = new Map(takenByMachine(repo));
  for (const [machine, more] of takenByProxy(repo))
    taken.set(machine, [...(taken.get(machine) ?? []), ...more]);
  for (const { first, second, port, machines } of clashesOf(taken))
    report(
      "port-clash",
      second.where,
      clashText(first, second, `port ${port} of ${inShort(machines)}`),
    );
};

function clashText(first: Taken, second: Taken, port: string): string {
  const by = first.by === "routes" ? "the proxy, for routes" : `app '${first.app}'`;
  const taken = `is taken by ${by} (${placeOf(first.where)})`;
  if (second.by !== "listen") return `${port} ${taken}`;
  const also = first.by === "listen" ? ", and only http can share one" : "";
  return `the fleet would reach app '${second.app}' under ${port}, which ${taken}${also}; ${otherNumber}`;
}

const otherNumber = "say another number with listen, or listen: off";

/** Two instances on one machine cannot listen on one port of it. */
export const instancesShareNoPort: Rule = ({ apps }, report) => {
  const told = new Set<Where>();
  for (const app of apps) {
    for (const machine of app.machines) {
      const count = instancesOn(app, machine) ?? 0;
      const port = heldPort(readingOn(app, machine).fields);
      if (count < 2 || port === undefined) continue;
      const where = atOn(app, machine, port.path);
      if (told.has(where)) continue;
      told.add(where);
      report(
        "port-clash",
        where,
        `${count} instances on one machine cannot all have its port ${port.number}`,
      );
    }
  }
};

export const startFirstHoldsNoPort: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      const port = heldPort(fields);
      if (fields.deploy?.strategy !== "start-first" || port === undefined) continue;
      report(
        "start-first-holds-port",
        at(["deploy", "strategy"]),
        `start-first would run old and new side by side, and only one can have port ${port.number} of the machine; use stop-first or auto`,
      );
    }
  }
};

export const sshdKeepsItsPort: Rule = (repo, report) => {
  const outside = ({ addresses }: Taken): boolean => !addresses.includes("127.0.0.1");
  for (const { taken, port, machines } of onPortOfSshd(takenByMachine(repo), repo, outside)) {
    report(
      "port-of-sshd",
      taken.where,
      `port ${port} of ${inShort(machines)} is where Slipway logs in; if sshd listens there the app cannot start`,
    );
  }
};

/** Without one of its ports a proxy does not start, and nobody is reached. */
export const proxiesLeaveSshdItsPort: Rule = (repo, report) => {
  for (const { taken, port, machines } of onPortOfSshd(takenByProxy(repo), repo)) {
    const sshd = `port ${port} of ${inShort(machines)}, where sshd is`;
    report(
      "port-clash",
      taken.where,
      taken.by === "routes"
        ? `routes need ${sshd}; have sshd listen elsewhere, and say so with ssh: { port }`
        : `the fleet would reach app '${taken.app}' under ${sshd}; ${otherNumber}`,
    );
  }
};

interface Held {
  readonly taken: Taken;
  readonly port: number;
  readonly machines: string[];
}

/** What is asked for in one place takes the ports of sshd on these machines. */
function onPortOfSshd(
  all: ReadonlyMap<string, readonly Taken[]>,
  { machines }: Repo,
  counts: (taken: Taken) => boolean = () => true,
): readonly Held[] {
  const holding = new Map<Where, Held>();
  for (const [name, ofMachine] of all) {
    const port = portOfSshd(machines.get(name));
    if (port === undefined) continue;
    for (const taken of ofMachine) {
      const { protocol, host } = taken.publish;
      if (protocol !== "tcp" || host[0] > port || host[1] < port || !counts(taken)) continue;
      const held = holding.get(taken.where) ?? { taken, port, machines: [] };
      holding.set(taken.where, held);
      if (held.machines.at(-1) !== name) held.machines.push(name);
    }
  }
  return [...holding.values()];
}

export const hostNetworkIsConsistent: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at, keys } of variantsOf(app)) {
      if (fields.network !== "host") continue;
      if ((fields.publish ?? []).length > 0) {
        report(
          "publish-on-host-network",
          at(["publish"]),
          "with network: host the app listens on the machine itself; leave publish out",
        );
      }
      const setting = keys(["sysctls"]).find((key) => /^net[./]/.test(key));
      if (setting !== undefined) {
        report(
          "sysctl-on-host-network",
          at(["sysctls", setting]),
          `with network: host, ${setting} would be the machine's own; the engine refuses that`,
        );
      }
    }
  }
};
