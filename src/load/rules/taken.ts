import { isUnspecified } from "../../lib/ip.ts";
import { PublishError, readPublish, type Publish } from "../../lib/publish.ts";
import { portsOf } from "../../lib/volumes.ts";
import type { AppFields } from "../../generated/app.ts";
import type { Where } from "../../model/diagnostic.ts";
import { atOn, readingOn } from "../expand.ts";
import { privateAddressOn, type PrivateAddress } from "./private.ts";
import { instancesOn, type Repo } from "./repo.ts";

/** A port of a machine that an app takes, or the proxy does for one. */
export interface Taken {
  readonly by: "routes" | "app" | "listen";
  readonly app: string;
  readonly publish: Publish;
  /** The addresses that it binds; `*` is all of them, `private` the private one where that is not known. */
  readonly addresses: readonly string[];
  readonly where: Where;
}

/** A port that an app's fields ask for, and where they do. */
interface Asked {
  readonly publish: Publish;
  readonly path: readonly (string | number)[];
}

/** What the apps take of each machine. Each form of an app is read once, however many machines it runs on. */
export function takenByMachine({ apps, machines }: Repo): ReadonlyMap<string, readonly Taken[]> {
  const taken = new Map<string, Taken[]>([...machines.keys()].map((name) => [name, []]));
  const privately = new Map(
    [...machines].map(([name, machine]) => [name, privateAddressOn(machine)]),
  );
  for (const app of apps) {
    const read = new Map<AppFields, readonly Asked[]>();
    for (const machine of app.machines) {
      const { fields } = readingOn(app, machine);
      const asked = read.get(fields) ?? askedBy(fields);
      read.set(fields, asked);
      if ((instancesOn(app, machine) ?? 0) === 0) continue;
      for (const { publish, path } of asked) {
        const addresses = addressesOf(publish.scope, privately.get(machine) ?? "unknown");
        taken
          .get(machine)
          ?.push({ by: "app", app: app.name, publish, addresses, where: atOn(app, machine, path) });
      }
    }
  }
  return taken;
}

function askedBy(fields: AppFields): readonly Asked[] {
  if (fields.network === "host") {
    return portsOf(fields.port).map(({ name, number }) => ({
      publish: {
        scope: "public",
        host: [number, number],
        container: [number, number],
        protocol: "tcp",
      },
      path: name === undefined ? ["port"] : ["port", name],
    }));
  }
  return (fields.publish ?? []).flatMap((text, i) => {
    const publish = readPublish(text);
    return publish instanceof PublishError ? [] : [{ publish, path: ["publish", i] }];
  });
}

export function addressesOf(
  scope: Publish["scope"],
  privateAddress: PrivateAddress,
): readonly string[] {
  if (scope === "public") return ["*"];
  if (scope === "local") return ["127.0.0.1"];
  if (scope !== "private") return [isUnspecified(scope.ip) ? "*" : scope.ip];
  if (privateAddress === "unknown") return ["private"];
  return privateAddress === "none" ? ["127.0.0.1", "bridge"] : [privateAddress];
}

/** A port of the machine that a container holds while it runs: the first, and where it is asked for. */
export function heldPort(
  fields: AppFields,
): { readonly number: number; readonly path: Asked["path"] } | undefined {
  const [first] = askedBy(fields);
  return first === undefined ? undefined : { number: first.publish.host[0], path: first.path };
}
