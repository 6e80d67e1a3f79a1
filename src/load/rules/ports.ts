import { PublishError, readPublish, type Publish } from "../../lib/publish.ts";
import type { AppFields } from "../../generated/app.ts";
import type { Where } from "../../model/diagnostic.ts";
import { atOn, readingOn, variantsOf } from "../expand.ts";
import { privateAddressOn } from "./private.ts";
import { appsByFamily, inShort, instancesOn, placeOf, type Rule } from "./repo.ts";
import { clashesOf } from "./clashes.ts";
import { heldPort, takenByMachine } from "./taken.ts";

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
  for (const { first, second, port, machines } of clashesOf(takenByMachine(repo))) {
    report(
      "port-clash",
      second.where,
      `port ${port} of ${inShort(machines)} is taken by app '${first.app}' (${placeOf(first.where)})`,
    );
  }
};

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
  const holding = new Map<Where, { readonly port: number; readonly machines: Set<string> }>();
  for (const [name, all] of takenByMachine(repo)) {
    const machine = repo.machines.get(name);
    const declared = machine?.fields.ssh?.port;
    if (declared === undefined && machine?.lacks(["ssh", "port"]) !== true) continue;
    const port = declared ?? 22;
    for (const { publish, addresses, where } of all) {
      if (
        publish.protocol !== "tcp" ||
        publish.host[0] > port ||
        publish.host[1] < port ||
        addresses.includes("127.0.0.1")
      )
        continue;
      const held = holding.get(where) ?? { port, machines: new Set<string>() };
      held.machines.add(name);
      holding.set(where, held);
    }
  }
  for (const [where, { port, machines }] of holding) {
    report(
      "port-of-sshd",
      where,
      `port ${port} of ${inShort([...machines])} is where Slipway logs in; if sshd listens there the app cannot start`,
    );
  }
};

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

/**
 * Who is `after` an app mostly wants to talk to it. Where that app's private ports stand on machines without a private
 * address only, nobody on another machine can.
 */
export const privatePortsAreReachable: Rule = ({ apps, machines }, report) => {
  const isReachable = (machine: string): boolean => {
    const document = machines.get(machine);
    return document === undefined || privateAddressOn(document) !== "none";
  };
  const byFamily = appsByFamily(apps);
  for (const app of apps) {
    for (const [i, name] of (app.fields.after ?? []).entries()) {
      if (name === app.family) continue;
      for (const target of byFamily.get(name) ?? []) {
        const [on] = target.machines;
        const port = privatePort(target.fields);
        if (on === undefined || port === undefined || !target.machinesKnown) continue;
        if (target.machines.some(isReachable)) continue;
        const far = app.machines.find((machine) => !target.machines.includes(machine));
        if (far === undefined) continue;
        report(
          "private-unreachable",
          app.at(["after", i]),
          `app '${target.name}' publishes ${port} on ${on}, which has no privateAddress: '${app.name}' on ${far} cannot reach it there`,
        );
      }
    }
  }
};

const privatePort = (fields: AppFields): number | undefined =>
  (fields.publish ?? [])
    .map(readPublish)
    .find((p): p is Publish => !(p instanceof PublishError) && p.scope === "private")?.host[0];
