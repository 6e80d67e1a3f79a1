import type { Documents } from "../../model/documents.ts";
import type { InstanceStatus } from "../../model/status.ts";
import type { World } from "../../pass/world.ts";
import { checkMachine, chooseApp, findContainers, serving } from "../containers.ts";
import { UserError } from "../trouble.ts";

export interface Chosen {
  readonly documents: Documents;
  /** Best first, then in order of machines; never empty. */
  readonly instances: readonly InstanceStatus[];
}

/** Instances that may be asked; with `isModel` those that a container may be made like: it need not run. Throws UserError. */
export async function chooseInstances(
  world: World,
  name: string,
  machine: string | undefined,
  isModel: boolean,
): Promise<Chosen> {
  const { documents, apps, machines } = await findContainers(world);
  checkMachine(documents, machine);
  const all = chooseApp(apps, documents, name).flatMap((app) => app.instances);
  const running = serving(all);
  const other = isModel ? all.filter((i) => !running.includes(i)) : [];
  const instances = [...running, ...other].filter(
    (i) => machine === undefined || i.machine === machine,
  );
  if (instances.length > 0) return { documents, instances };
  const silent = machines
    .filter((m) => m.why !== undefined && (machine === undefined || m.name === machine))
    .map((m) => `${m.name}: ${m.why ?? ""}`);
  const where = machine === undefined ? "" : ` on ${machine}`;
  // What did not answer may well run it.
  if (silent.length > 0)
    throw new UserError(
      "machine-unreachable",
      `no instance of ${name}${where} was found, and not every machine answered`,
      silent.join("; "),
    );
  const what = isModel ? `${name} has no container` : `no instance of ${name} runs`;
  throw new UserError("not-found", `${what}${where}`, "'slipway ps' shows what there is.");
}
