import { isUnspecified, privateAddressOf } from "../lib/ip.ts";
import { parsePublish } from "../lib/publish.ts";
import type { NamesSpec } from "../kinds/index.ts";
import type { AppDocument, MachineDocument } from "../model/documents.ts";

/** All names of the fleet, made once for all machines: in a large fleet they are most of what compiling handles. */
export interface NamesTable {
  readonly fleet: string;
  readonly apps: readonly AppDocument[];
  /** By machine, in order of name. */
  readonly machines: ReadonlyMap<string, NamesOfMachine>;
  /** The lines of all machines. Cut in two it serves each of them: they share its memory. */
  readonly text: string;
}

interface NamesOfMachine {
  readonly address: string | undefined;
  /** Its own name, then those of each app on it, by app. */
  readonly names: readonly (readonly [app: AppDocument | undefined, names: readonly string[]])[];
  /** As every other machine says them: where in the table's `text`. */
  readonly from: number;
  readonly to: number;
}

export function namesTable(
  fleet: string,
  machines: ReadonlyMap<string, MachineDocument>,
  apps: readonly AppDocument[],
): NamesTable {
  const placed = new Map<string, [AppDocument | undefined, readonly string[]][]>();
  for (const name of machines.keys()) placed.set(name, [[undefined, [name]]]);
  for (const app of apps) {
    let next = 1;
    // Instances are numbered over the fleet, in order of machine names.
    for (const on of app.machines) {
      const count = instancesOn(app, on);
      const own = Array.from({ length: count }, (_, i) => `${app.name}-${next + i}`);
      placed.get(on)?.push([app, [app.name, ...own, `${app.name}.${on}`]]);
      next += count;
    }
  }
  const parts: string[] = [];
  let from = 0;
  const table = [...machines].map(([name, { fields }]) => {
    const address = privateAddressOf(fields);
    const names = placed.get(name) ?? [];
    const own = address === undefined ? [] : linesOf(address, allOf(names));
    const text = own.map((line) => `${line}\n`).join("");
    parts.push(text);
    const span = { from, to: from + text.length };
    from = span.to;
    return [name, { address, names, ...span }] as const;
  });
  return { fleet, apps, machines: new Map(table), text: parts.join("") };
}

/** The names as one machine and its containers see them, its own first. `gateway`: the fleet's bridge there. */
export function namesFor(
  machine: string,
  table: NamesTable,
  gateway: string | undefined,
): NamesSpec {
  const own = table.machines.get(machine);
  const all = own?.names ?? [];
  const near = own?.address ?? gateway;
  // What is not published there is reached on its bridge, where the engine's own names answer.
  const published = all.filter(([app]) => app === undefined || isPublished(app, machine, near));
  const { from = 0, to = 0 } = own ?? {};
  // Each without its last line end.
  const others = [table.text.slice(0, Math.max(0, from - 1)), table.text.slice(to, -1)].filter(
    (text) => text !== "",
  );
  const extra = table.apps
    .filter((app) => app.machines.includes(machine))
    .flatMap((app) => {
      const hosts = fieldsOn(app, machine).extraHosts;
      return hosts === undefined ? [] : [[app.name, extraLines(hosts, gateway)] as const];
    });
  return {
    fleet: table.fleet,
    containerLines: [...(near === undefined ? [] : linesOf(near, allOf(published))), ...others],
    machineLines: [...linesOf(own?.address ?? "127.0.0.1", allOf(all)), ...others],
    extra: Object.fromEntries(extra),
  };
}

const allOf = (names: NamesOfMachine["names"]): readonly string[] => names.flatMap(([, n]) => n);

/** musl reads no line of 512 bytes or more. Source: musl, src/network/lookup_name.c. */
const lineLimit = 400;

/** As many names to a line as fit. */
function linesOf(address: string, names: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const name of names) {
    if (line !== "" && line.length + name.length < lineLimit) line += ` ${name}`;
    else {
      if (line !== "") lines.push(line);
      line = `${address} ${name}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}

export const fieldsOn = (app: AppDocument, machine: string): AppDocument["fields"] =>
  app.perMachine.get(machine) ?? app.fields;

/** Every image text of an app, with the machines that it is for. */
export function imageTextsOf(app: AppDocument): ReadonlyMap<string, readonly string[]> {
  const texts = new Map<string, string[]>();
  for (const machine of app.machines) {
    const text = fieldsOn(app, machine).image;
    if (text !== undefined) texts.set(text, [...(texts.get(text) ?? []), machine]);
  }
  return texts;
}

export const instancesOn = (app: AppDocument, machine: string): number =>
  fieldsOn(app, machine).instances ?? 1;

/** Whether containers on that machine reach it at `near`; what is `local` is for the machine alone. */
function isPublished(app: AppDocument, machine: string, near: string | undefined): boolean {
  const { network, publish = [] } = fieldsOn(app, machine);
  if (network === "host") return true;
  return publish.some((text) => {
    const { scope } = parsePublish(text);
    if (scope === "local") return false;
    return typeof scope === "string" || scope.ip === near || isUnspecified(scope.ip);
  });
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
