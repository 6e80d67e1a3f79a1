import { privateAddressOf } from "../lib/ip.ts";
import type { NamesSpec } from "../kinds/index.ts";
import type { AppDocument, MachineDocument } from "../model/documents.ts";

export interface NamesInput {
  readonly fleet: string;
  readonly machines: ReadonlyMap<string, MachineDocument>;
  readonly apps: readonly AppDocument[];
  /** The fleet's bridge on this machine, for a machine without a private address. */
  readonly gateway: string | undefined;
}

/** The names of the fleet as one machine and its containers see them: its own instances first. */
export function namesFor(machine: string, input: NamesInput): NamesSpec {
  const forContainers: string[] = [];
  const forMachine: string[] = [];
  const say = (on: string, names: readonly string[], inContainers: boolean): void => {
    const document = input.machines.get(on);
    const address = document === undefined ? undefined : privateAddressOf(document.fields);
    const line = (a: string): string[] => names.map((name) => `${a} ${name}`);
    if (address !== undefined) {
      forMachine.push(...line(address));
      if (inContainers) forContainers.push(...line(address));
    } else if (on === machine) {
      forMachine.push(...line("127.0.0.1"));
      if (inContainers && input.gateway !== undefined) forContainers.push(...line(input.gateway));
    }
  };
  const nearFirst = (names: Iterable<string>): string[] =>
    [...names].toSorted(
      (a, b) => Number(b === machine) - Number(a === machine) || (a < b ? -1 : 1),
    );
  for (const name of nearFirst(input.machines.keys())) say(name, [name], true);
  for (const app of input.apps) {
    const numbers = numbersOf(app);
    for (const on of nearFirst(app.machines)) {
      const own = (numbers.get(on) ?? []).map((n) => `${app.name}-${n}`);
      // What nothing publishes is reached on its bridge, where the engine's own names answer.
      const throughBridge = on === machine && !isPublished(app, on);
      say(on, [app.name, ...own, `${app.name}.${on}`], !throughBridge);
    }
  }
  const extra = input.apps
    .filter((app) => app.machines.includes(machine))
    .flatMap((app) => {
      const hosts = (app.perMachine.get(machine) ?? app.fields).extraHosts;
      return hosts === undefined ? [] : [[app.name, extraLines(hosts, input.gateway)] as const];
    });
  return {
    fleet: input.fleet,
    containerLines: forContainers,
    machineLines: forMachine,
    extra: Object.fromEntries(extra),
  };
}

/** Instances are numbered over the fleet, in order of machine names. */
function numbersOf(app: AppDocument): ReadonlyMap<string, readonly number[]> {
  const numbers = new Map<string, number[]>();
  let next = 1;
  for (const machine of app.machines) {
    const count = instancesOn(app, machine);
    numbers.set(
      machine,
      Array.from({ length: count }, (_, i) => next + i),
    );
    next += count;
  }
  return numbers;
}

export const fieldsOn = (app: AppDocument, machine: string): AppDocument["fields"] =>
  app.perMachine.get(machine) ?? app.fields;

export const instancesOn = (app: AppDocument, machine: string): number =>
  fieldsOn(app, machine).instances ?? 1;

function isPublished(app: AppDocument, machine: string): boolean {
  const fields = fieldsOn(app, machine);
  return (fields.publish ?? []).length > 0 || fields.network === "host";
}

/** `host-gateway` is the machine itself, as with `docker run --add-host`. */
function extraLines(
  hosts: Readonly<Record<string, string>> | readonly string[],
  gateway: string | undefined,
): readonly string[] {
  const pairs = Array.isArray(hosts)
    ? hosts.map(
        (entry: string) =>
          [entry.slice(0, entry.search(/[:=]/)), entry.slice(entry.search(/[:=]/) + 1)] as const,
      )
    : Object.entries(hosts);
  return pairs.map(
    ([name, address]) =>
      `${address === "host-gateway" ? (gateway ?? "127.0.0.1") : address} ${name}`,
  );
}
