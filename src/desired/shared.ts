import { volumesOf } from "../lib/volumes.ts";
import { resourceAddress } from "../model/address.ts";
import type { AppDocument } from "../model/documents.ts";
import type { Resource } from "../model/resource.ts";
import type { AddressBook } from "./addresses.ts";
import { networkName, volumeName, type Naming } from "./belongings.ts";
import { familyNetwork, fleetNetwork } from "./container.ts";
import { fieldsOn, namesFor } from "./names.ts";
import {
  formerOf,
  isUnclear,
  namingOf,
  type CompileInput,
  type MachineContext,
  type Work,
} from "./work.ts";

/** What belongs to the machine as a whole: the fleet's bridge and names. A machine without apps needs only names. */
export function machineResources(
  machine: string,
  context: MachineContext,
  placed: readonly AppDocument[],
  addressOf: AddressBook,
  input: Work,
): readonly Resource[] {
  const { table } = input;
  const names = namesFor(machine, table, context.bridge, addressOf, (app) => formerOf(app, input));
  const named: Resource = {
    address: resourceAddress(machine, "machine/names", undefined, ""),
    kind: "machine/names",
    machine,
    name: "",
    spec: names,
  };
  if (placed.length === 0) return [named];
  const { range } = context.bridge;
  const network = fleetNetwork(table.fleet);
  const bridge: Resource = {
    address: resourceAddress(machine, "app/network", undefined, network),
    kind: "app/network",
    machine,
    name: network,
    spec: { network, ...(range === undefined ? {} : { range }) },
  };
  return [bridge, named];
}

/** What the services of an app file have in common: their bridge and volumes. */
export function sharedOf(
  app: AppDocument,
  machine: string,
  context: MachineContext,
  input: CompileInput,
): readonly Resource[] {
  const fields = fieldsOn(app, machine);
  const { family } = app;
  const { fleet } = input.documents;
  if (isUnclear(app, context, input)) return [];
  const naming = namingOf(family, context, input);
  const volumes = volumesOf(fields.volumes)
    .filter((v) => v.kind === "named")
    .map((v): Resource => {
      const { name: engineName, takenBy } = volumeName(v, naming);
      const isExact = v.name !== undefined;
      return {
        address: resourceAddress(machine, "app/volume", family, v.source),
        kind: "app/volume",
        machine,
        app: family,
        family,
        name: v.source,
        spec: {
          app: family,
          family,
          volume: v.source,
          engineName,
          isExact,
          ...(takenBy === undefined ? {} : { takenBy }),
        },
        where: app.at(["volumes", v.source]),
      };
    });
  const isBridged = app.service !== undefined && fields.network !== "host";
  return isBridged ? [bridgeResource(app, machine, naming, fleet), ...volumes] : volumes;
}

function bridgeResource(
  app: AppDocument,
  machine: string,
  naming: Naming,
  fleet: string,
): Resource {
  const { family } = app;
  const { name, takenBy } = networkName((f) => familyNetwork(fleet, f), naming);
  return {
    address: resourceAddress(machine, "app/network", family, name),
    kind: "app/network",
    machine,
    app: family,
    family,
    name,
    spec: {
      network: name,
      app: family,
      family,
      ...(takenBy === undefined ? {} : { takenBy }),
    },
    where: app.at([]),
  };
}
