import assert from "node:assert/strict";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { changesOf } from "../../src/model/plan.ts";
import type { Request } from "../../src/pass/world.ts";
import { readFile } from "node:fs/promises";
import { createFleet } from "../../src/remote/fleet.ts";
import type { Fleet as Remote } from "../../src/remote/session.ts";
import { bootFleet, type Fleet, type FleetOptions, type ImageOptions } from "../fleet/fleet.ts";
import { openController, type Controller, type ControllerOptions } from "./controller.ts";
import { makeInfra, machineFiles, type Files, type Infra } from "./infra.ts";
import { see } from "./witness.ts";

/** A fleet with images, an infra repo that knows its machines, and controllers in this process. */
export interface Site {
  readonly fleet: Fleet;
  readonly infra: Infra;
  readonly options: ControllerOptions;
  image(tag: string): string;
  /** Reference of the proxy's image, which is in the registry from then on. */
  proxyImage(): Promise<string>;
  /** Commits files of the repo; a message's trailers go in its last paragraph. */
  commit(message: string, files: Files): Promise<string>;
  /** One pass by a controller of its own, as the command line makes it. */
  reconcile(
    request?: Partial<Request>,
    more?: Partial<ControllerOptions>,
  ): Promise<RevisionOutcome>;
  /** One pass that must end so, after which nothing is left to do. */
  settle(outcome?: RevisionOutcome["outcome"]): Promise<RevisionOutcome>;
  by<T>(
    work: (controller: Controller) => Promise<T>,
    more?: Partial<ControllerOptions>,
  ): Promise<T>;
  /** Running containers of an app on a machine: `ID STARTED`. */
  running(machine: string, app: string): Promise<readonly string[]>;
  /** Names (without digest), image, state and restart policy of all containers on a machine. */
  containers(machine: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface SiteOptions {
  /** All controllers share their connections: for tests in which no machine is lost. */
  readonly isWarm?: boolean | undefined;
}

/** Connections that outlive the controllers which use them. */
async function warmRemote(sshKeyFile: string): Promise<{
  instead(own: Remote): Remote;
  close(): Promise<void>;
}> {
  const text = await readFile(sshKeyFile, "utf8");
  const shared = createFleet({ privateKeys: [{ source: sshKeyFile, text }] });
  return {
    instead: (own) => ({ ...shared, close: () => own.close() }),
    close: () => shared.close(),
  };
}

/** Tags of the test app and how each is made. */
export type Tags = Readonly<Record<string, ImageOptions>>;

export async function openSite(
  options: Pick<FleetOptions, "machines" | "packages"> & SiteOptions,
  tags: Tags = { "1": {}, "2": {} },
): Promise<Site> {
  const { machines, packages = false, isWarm } = options;
  const fleet = await bootFleet({ machines, packages, git: false });
  const { images } = fleet;
  assert.ok(images !== undefined);
  for (const [tag, how] of Object.entries(tags)) await images.push("shop", tag, how);
  const site = await siteOn(fleet, Object.keys(fleet.machines), { isWarm });
  return {
    ...site,
    close: async () => {
      await fleet.down();
      await site.close();
    },
  };
}

/** Some of a fleet's machines, with an infra repo of their own. */
export async function siteOn(
  fleet: Fleet,
  machines: readonly string[],
  { isWarm = false }: SiteOptions = {},
): Promise<Site> {
  const { registry, images } = fleet;
  assert.ok(registry !== undefined && images !== undefined);
  const infra = await makeInfra();
  await infra.commit("Machines", machineFiles(fleet, "acme", machines));
  const own: ControllerOptions = { repo: infra.repo, sshKeyFile: fleet.sshKeyFile };
  const warm = isWarm ? await warmRemote(fleet.sshKeyFile) : undefined;
  const by: Site["by"] = async (work, more) => {
    const controller = await openController({ ...own, ...more }, warm?.instead);
    try {
      return await work(controller);
    } finally {
      await controller.close();
    }
  };
  return {
    fleet,
    infra,
    options: own,
    by,
    image: (tag) => `${registry.address}/shop:${tag}`,
    proxyImage: async () => (await images.pushProxy()).reference,
    commit: (message, files) => infra.commit(message, files),
    reconcile: (request, more) => by((controller) => controller.reconcile(request), more),
    settle: async (wanted = "applied") =>
      await by(async (controller) => {
        const outcome = await controller.reconcile();
        assert.equal(outcome.outcome, wanted, JSON.stringify(outcome));
        const left = changesOf(await controller.plan());
        assert.deepEqual(
          left.map((c) => `${c.address}: ${c.reason.text}`),
          [],
        );
        return outcome;
      }),
    running: async (machine, app) =>
      (await see(fleet.machine(machine), "acme")).running.get(app) ?? [],
    containers: async (machine) => (await see(fleet.machine(machine), "acme")).holding.containers,
    close: async () => {
      await warm?.close();
      await infra.close();
    },
  };
}
