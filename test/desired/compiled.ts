import type { Bridge } from "../../src/desired/addresses.ts";
import type { Belongings } from "../../src/desired/belongings.ts";
import { compile } from "../../src/desired/compile.ts";
import type { SecretDigests } from "../../src/desired/secrets.ts";
import type { Compiled, LeavingPlace, MachineContext } from "../../src/desired/work.ts";
import { imageTextsOf } from "../../src/desired/names.ts";
import type { ContainerSpec, NamesSpec, PublishedPort } from "../../src/kinds/index.ts";
import { digestOf } from "../../src/lib/hash.ts";
import type { AddressRange } from "../../src/lib/subnet.ts";
import type { AppDocument, Documents } from "../../src/model/documents.ts";
import { imageKey, type ImageReferences } from "../../src/model/image.ts";
import { documentsOf, repo, type Files } from "../load/repos.ts";
import { pretendedDigests } from "../support/secrets.ts";

export const key = "a machine's key";

/** What every app's image text stands for here. */
export const referenceOf = (text: string): string =>
  text.includes("@") ? text : `${text.split(":")[0]}@sha256:${digestOf(text)}`;

export const imagesOf = (apps: Iterable<AppDocument>): ImageReferences =>
  new Map(
    [...apps].flatMap((app) =>
      [...imageTextsOf(app).keys()].map((text) => [imageKey(app.name, text), referenceOf(text)]),
    ),
  );

const nothing: Belongings = { volumes: new Set(), networks: new Set(), used: new Map() };

export interface CompileOptions {
  readonly apps?: readonly AppDocument[];
  readonly secrets?: SecretDigests;
  /** By machine; undefined: its bridge is not known yet. Default 172.30.0.1. */
  readonly gateways?: Readonly<Record<string, string | undefined>>;
  /** On every machine: who serves, by `app/instance`: its address and, where that is another, the app it was made for. */
  readonly serving?: Readonly<Record<string, string>>;
  /** Addresses that containers have. */
  readonly held?: readonly string[];
  readonly nameless?: readonly string[];
  readonly range?: AddressRange;
  /** What is there of families; default: nothing. */
  readonly belongings?: Belongings | undefined;
  readonly madeAs?: Readonly<Record<string, string>>;
  /** By machine: apps with their instances that are in service. */
  readonly inService?: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  /** By machine: apps with the ports that their containers in service have. */
  readonly published?: Readonly<Record<string, Readonly<Record<string, readonly PublishedPort[]>>>>;
  /** By machine: pools with what its proxy hands on to. */
  readonly handsOn?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** By machine: apps that its own line names. */
  readonly named?: Readonly<Record<string, readonly string[]>>;
  readonly leaving?: readonly LeavingPlace[];
  /** By machine: families that worked there. */
  readonly proven?: Readonly<Record<string, readonly string[]>>;
  readonly released?: ReadonlyMap<string, ReadonlySet<string>>;
  readonly formerly?: Readonly<Record<string, readonly string[]>>;
  readonly past?: Readonly<Record<string, readonly string[]>>;
}

export function compileDocuments(documents: Documents, options: CompileOptions = {}): Compiled {
  const { apps = [...documents.apps.values()], gateways = {}, formerly = {} } = options;
  const contexts = [...documents.machines.keys()].map((machine): [string, MachineContext] => [
    machine,
    {
      key,
      bridge: bridgeOf(machine in gateways ? gateways[machine] : "172.30.0.1", options),
      belongings: "belongings" in options ? options.belongings : nothing,
      madeAs: new Map(Object.entries(options.madeAs ?? {})),
      proven: new Set(options.proven?.[machine]),
      handsOn: new Map(
        Object.entries(options.handsOn?.[machine] ?? {}).map(([pool, all]) => [pool, new Set(all)]),
      ),
      inService: new Map(Object.entries(options.inService?.[machine] ?? {})),
      published: new Map(Object.entries(options.published?.[machine] ?? {})),
      ...(options.named?.[machine] === undefined ? {} : { named: new Set(options.named[machine]) }),
    },
  ]);
  return compile({
    documents,
    apps,
    machines: new Map(contexts),
    images: imagesOf(apps),
    ...(options.released === undefined ? {} : { released: options.released }),
    secrets: options.secrets ?? pretendedDigests,
    leaving: options.leaving ?? [],
    hashes: new Map(
      apps.flatMap((a) => [...a.ships.values()].flat()).map(({ blob }) => [blob, digestOf(blob)]),
    ),
    renames: {
      former: new Map(Object.entries(formerly)),
      past: new Map(Object.entries({ ...formerly, ...options.past })),
    },
  });
}

const bridgeOf = (gateway: string | undefined, options: CompileOptions): Bridge => ({
  ...(gateway === undefined ? {} : { gateway }),
  ...(options.range === undefined ? {} : { range: options.range }),
  held: new Set(options.held),
  nameless: new Set(options.nameless),
  serving: new Map(
    Object.entries(options.serving ?? {}).map(([instance, text]) => {
      const [address = "", app = instance.split("/")[0] ?? ""] = text.split(" ");
      return [instance, { address, app }];
    }),
  ),
});

export const compileFiles = async (files: Files, options?: CompileOptions): Promise<Compiled> =>
  compileDocuments(await documentsOf(repo(files)), options);

/** The containers by their addresses without what stands before: `web-1/shop/1`. */
export const containersOf = ({ resources }: Compiled): Readonly<Record<string, ContainerSpec>> =>
  Object.fromEntries(
    resources
      .filter((r) => r.kind === "app/container")
      .map((r) => [`${r.machine}/${r.app}/${r.name}`, r.spec as ContainerSpec]),
  );

export function namesOn({ resources }: Compiled, machine: string): NamesSpec {
  const found = resources.find((r) => r.kind === "machine/names" && r.machine === machine);
  if (found === undefined) throw new Error(`no names on ${machine}`);
  return found.spec as NamesSpec;
}

/** The one container of app `shop` that these lines of its YAML and this machine give. */
export async function shop(
  lines: readonly string[],
  machine = "address: 10.0.0.11\n",
  options?: CompileOptions,
): Promise<ContainerSpec> {
  const files = {
    "machines/web-1.yaml": machine,
    "apps/shop/app.yaml": ["image: shop:1", ...lines].join("\n"),
    "apps/shop/shop.toml": "toml",
    "apps/shop/rules/a": "a",
    "apps/shop/rules/b": "b",
  };
  const spec = containersOf(await compileFiles(files, options))["web-1/shop/1"];
  if (spec === undefined) throw new Error("no container");
  return spec;
}
