import { isUnspecified, privateAddressOf } from "../lib/ip.ts";
import { parsePublish } from "../lib/publish.ts";
import type { NamesSpec } from "../kinds/index.ts";
import type { AppDocument, MachineDocument } from "../model/documents.ts";
import { servingKey, type AddressBook, type Bridge } from "./addresses.ts";

/** All names of the fleet, made once for all machines: in a large fleet they are most of what compiling handles. */
export interface NamesTable {
  readonly fleet: string;
  readonly apps: readonly AppDocument[];
  /** By machine, in order of name. */
  readonly machines: ReadonlyMap<string, NamesOfMachine>;
  /** The lines of all machines, for machines. */
  readonly all: SharedLines;
  /** For containers: what is published, and of the rest the names of single instances. */
  readonly published: SharedLines;
  readonly instances: SharedLines;
  /** Whether the proxy of a machine answers for an app there. */
  readonly listens: Listens;
}

type Listens = (app: AppDocument, machine: string) => boolean;

/** One text, cut in two for each machine: they share its memory. */
interface SharedLines {
  readonly text: string;
  readonly spans: ReadonlyMap<string, { readonly from: number; readonly to: number }>;
}

type Named = readonly (readonly [app: AppDocument | undefined, names: readonly string[]])[];

interface NamesOfMachine {
  readonly address: string | undefined;
  /** Its own name, then those of each app on it, by app. */
  readonly names: Named;
  readonly unpublished: Named;
}

export function namesTable(
  fleet: string,
  machines: ReadonlyMap<string, MachineDocument>,
  apps: readonly AppDocument[],
  listens: Listens = () => false,
  isComing: Listens = () => false,
): NamesTable {
  const placed = new Map<string, [AppDocument | undefined, readonly string[]][]>();
  for (const name of machines.keys()) placed.set(name, [[undefined, [name]]]);
  for (const app of apps) {
    let next = 1;
    // Instances are numbered over the fleet, in order of machine names.
    for (const on of app.machines) {
      const count = instancesOn(app, on);
      const own = Array.from({ length: count }, (_, i) => `${app.name}-${next + i}`);
      // Who looks for any of them finds one that serves; who looks for this one, this one.
      const any = isComing(app, on) ? [] : [app.name];
      if (count > 0) placed.get(on)?.push([app, [...any, ...own, `${app.name}.${on}`]]);
      next += count;
    }
  }
  const table = new Map(
    [...machines].map(([name, { fields }]) => {
      const address = privateAddressOf(fields);
      const names = placed.get(name) ?? [];
      const isOpen = ([app]: Named[number]): boolean =>
        app === undefined || listens(app, name) || isPublished(app, name, address);
      return [name, { address, names, unpublished: names.filter((n) => !isOpen(n)) }] as const;
    }),
  );
  const published = ({ names, unpublished }: NamesOfMachine): Named =>
    names.filter((n) => !unpublished.includes(n));
  return {
    fleet,
    apps,
    listens,
    machines: table,
    all: sharedLines(table, ({ names }) => names),
    published: sharedLines(table, published),
    instances: sharedLines(table, ({ unpublished }) =>
      unpublished.map(([app, names]) => [app, names.filter((name) => name !== app?.name)] as const),
    ),
  };
}

function sharedLines(
  table: ReadonlyMap<string, NamesOfMachine>,
  pick: (own: NamesOfMachine) => Named,
): SharedLines {
  const parts: string[] = [];
  const spans = new Map<string, { from: number; to: number }>();
  let from = 0;
  for (const [name, own] of table) {
    const lines = own.address === undefined ? [] : linesOf(own.address, allOf(pick(own)));
    const text = lines.map((line) => `${line}\n`).join("");
    parts.push(text);
    spans.set(name, { from, to: from + text.length });
    from += text.length;
  }
  return { text: parts.join(""), spans };
}

/** The lines of all but one machine, each part without its last line end. */
function othersIn({ text, spans }: SharedLines, machine: string): readonly string[] {
  const { from = 0, to = 0 } = spans.get(machine) ?? {};
  return [text.slice(0, Math.max(0, from - 1)), text.slice(to, -1)].filter((t) => t !== "");
}

/** The names as one machine and its containers see them, its own first. */
export function namesFor(
  machine: string,
  table: NamesTable,
  bridge: Bridge,
  addressOf: AddressBook,
  formerApps: (app: AppDocument) => readonly AppDocument[],
): NamesSpec {
  const { gateway } = bridge;
  const own = table.machines.get(machine);
  const all = own?.names ?? [];
  const near = own?.address ?? gateway;
  // What is not published there is reached on its bridge, where the engine's own names answer.
  const isOpen = ([app]: Named[number]): boolean =>
    app === undefined || table.listens(app, machine) || isPublished(app, machine, near);
  const withExtra = table.apps.filter(
    (app) => app.machines.includes(machine) && fieldsOn(app, machine).extraHosts !== undefined,
  );
  const extra = withExtra.map(
    (app) => [app.name, extraLines(fieldsOn(app, machine).extraHosts ?? {}, gateway)] as const,
  );
  const formerly = withExtra.flatMap((app) =>
    formerApps(app).map((former) => [former.name, app.name] as const),
  );
  return {
    fleet: table.fleet,
    containerLines: [
      ...(near === undefined ? [] : linesOf(near, allOf(all.filter(isOpen)))),
      ...all
        .filter((named) => !isOpen(named))
        .flatMap((named) => nearLines(named, bridge, addressOf)),
      ...othersIn(table.published, machine),
      ...othersIn(table.instances, machine),
      ...farLines(machine, table),
    ],
    machineLines: [
      ...linesOf(own?.address ?? "127.0.0.1", allOf(all)),
      ...othersIn(table.all, machine),
    ],
    extra: Object.fromEntries(extra),
    ...(formerly.length === 0 ? {} : { formerly: Object.fromEntries(formerly) }),
  };
}

/**
 * Instances that are reached on the bridge of their machine, each by the address that it has there for good, or will get.
 * The engine knows one that was kept through a rename only by its former name.
 */
function nearLines(
  [app, names]: Named[number],
  { serving, nameless }: Bridge,
  addressOf: AddressBook,
): readonly string[] {
  if (app === undefined) return [];
  const instances = names.filter((name) => name !== app.name).slice(0, -1);
  return instances.flatMap((name, index) => {
    const key = servingKey(app.name, index + 1);
    const found = serving.get(key);
    const address =
      found?.address ?? (nameless.has(key) ? undefined : addressOf(app.name, index + 1));
    if (address === undefined) return [];
    const isKnown = found === undefined || found.app === app.name;
    return [address, name, ...(isKnown ? [] : [app.name, names.at(-1)])].join(" ");
  });
}

/** Apps that only other machines have resolve too, though unpublished; of one that is near its bridge's name answers. */
function farLines(machine: string, table: NamesTable): readonly string[] {
  const near = new Set((table.machines.get(machine)?.names ?? []).map(([app]) => app));
  return [...table.machines].flatMap(([name, { address, unpublished }]) => {
    if (name === machine || address === undefined) return [];
    const far = unpublished.flatMap(([app, names]) =>
      app === undefined || near.has(app) || !names.includes(app.name) ? [] : app.name,
    );
    return linesOf(address, far);
  });
}

const allOf = (names: Named): readonly string[] => names.flatMap(([, n]) => n);

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
    if (text === undefined) continue;
    const machines = texts.get(text);
    if (machines === undefined) texts.set(text, [machine]);
    else machines.push(machine);
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
