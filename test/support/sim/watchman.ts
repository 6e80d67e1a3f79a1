import type { SimContainer } from "./engine.ts";
import type { SimMachine } from "./machine.ts";
import { isHealthy, live } from "./registry.ts";

/** A rule that did not hold. */
export class Broken extends Error {
  override readonly name = "Broken";
}

export const labelOf = (container: SimContainer, name: string): string =>
  (container.body["Labels"] as Record<string, string> | undefined)?.[name] ?? "";

export const proxySocket = "/var/lib/slipway/acme/proxy/run/admin.sock";

/** It has served: what is new has another name until then. */
export const isCurrent = (container: SimContainer): boolean => /-[0-9a-f]{8}$/.test(container.name);

const inventoryPath = "/var/lib/slipway/acme/inventory.json";

/** Looks at one machine after each change there, whoever made it, and keeps the first rule that is broken. */
export class Watchman {
  readonly broken: string[] = [];
  /** Apps of which a healthy instance has to be there at all times. */
  serving: ReadonlySet<string> = new Set();
  /** Apps that are declared here: who of them is stopped has nothing under way. */
  private staying: ReadonlySet<string> = new Set();
  /** Of those that are reached through the proxy: they have to be so at all times. */
  private reached: ReadonlySet<string> = new Set();
  private readonly doors: ReadonlySet<string>;
  private readonly provenIds = new Set<string>();
  private readonly machine: SimMachine;
  private readonly nowMs: () => number;
  private epoch = 0;
  private readonly volumes = new Set<string>();
  private readonly startsSeen = new Set<string>();
  private readonly released = new Set<string>();

  constructor(machine: SimMachine, nowMs: () => number, doors: ReadonlySet<string>) {
    this.machine = machine;
    this.doors = doors;
    machine.onStop = (container) => this.lookAtStop(container);
    this.nowMs = nowMs;
    machine.onChange = () => this.look();
  }

  /** From now on these have to go on serving. */
  watch(serving: ReadonlySet<string>, staying: ReadonlySet<string>): void {
    this.serving = serving;
    this.staying = staying;
    this.reached = new Set(
      [...serving].filter((app) => this.doors.has(app) && this.isReached(app)),
    );
  }

  /** Apps that have a healthy instance which was proven before. */
  proven(): ReadonlySet<string> {
    const proven = this.healthy().filter(isCurrent);
    return new Set(proven.map((c) => labelOf(c, "slipway.app")));
  }

  private healthy(): readonly SimContainer[] {
    return this.machine.engine.containers.filter(
      (c) => isHealthy(c, this.nowMs()) && labelOf(c, "slipway.release") === "",
    );
  }

  private look(): void {
    const { engine, disk } = this.machine;
    for (const container of engine.containers) live(container, this.nowMs());
    this.lookAtEpoch(disk.read(inventoryPath));
    for (const container of engine.containers)
      if (labelOf(container, "slipway.release") !== "") this.lookAtRelease(container);
    const healthy = new Set(this.healthy().map((c) => labelOf(c, "slipway.app")));
    for (const app of this.serving)
      if (!healthy.has(app)) this.report(`${app} has no healthy instance although it starts first`);
    this.lookAtTraffic();
    const there = new Set(engine.volumes.map((v) => v.name));
    for (const volume of this.volumes)
      if (!there.has(volume)) this.report(`volume ${volume} is lost`);
    for (const volume of there) this.volumes.add(volume);
  }

  private isReached(app: string): boolean {
    const addresses = this.machine.engine.proxyAt(proxySocket)?.servingOf(app) ?? [];
    return this.healthy().some(
      (c) => labelOf(c, "slipway.app") === app && addresses.includes(c.address),
    );
  }

  private lookAtTraffic(): void {
    const { engine } = this.machine;
    // What was made stopped, as declared, has its name before it was ever started.
    for (const container of engine.containers)
      if (isCurrent(container) || isHealthy(container, this.nowMs()))
        this.provenIds.add(container.id);
    for (const app of this.reached)
      if (this.serving.has(app) && !this.isReached(app))
        this.report(`nothing healthy is reached of ${app} although it starts first`);
    const proxy = engine.proxyAt(proxySocket);
    for (const app of proxy?.pools() ?? []) {
      const addresses = proxy?.servingOf(app) ?? [];
      const unproven = engine.containers.find(
        (c) =>
          engine.isRunning(c) &&
          labelOf(c, "slipway.app") === app &&
          addresses.includes(c.address) &&
          !this.provenIds.has(c.id),
      );
      if (unproven !== undefined) this.report(`${unproven.name} gets requests and is not proven`);
    }
  }

  /** Who served is out of use before it is stopped. */
  private lookAtStop(container: SimContainer): void {
    const proxy = this.machine.engine.proxyAt(proxySocket);
    if (!this.staying.has(labelOf(container, "slipway.app"))) return;
    if (!isCurrent(container) || !isHealthy(container, this.nowMs())) return;
    if (proxy?.isUsing(container.address) === true)
      this.report(`${container.name} is stopped while it is in use`);
  }

  private lookAtEpoch(inventory: string | undefined): void {
    const epoch = Number(/^ {2}"epoch": (\d+),$/m.exec(inventory ?? "")?.[1] ?? 0);
    if (epoch < this.epoch) this.report(`the epoch fell from ${this.epoch} to ${epoch}`);
    this.epoch = epoch;
  }

  private lookAtRelease(container: SimContainer): void {
    const digest = labelOf(container, "slipway.release");
    const start = `${container.id} ${container.startedAt}`;
    const hasStarted = !container.startedAt.startsWith("0001");
    if (hasStarted && !this.startsSeen.has(start)) {
      this.startsSeen.add(start);
      if (this.released.has(digest)) this.report(`${container.name} runs again`);
    }
    if (container.status === "exited" && container.exitCode === 0) this.released.add(digest);
  }

  private report(text: string): void {
    this.broken.push(`${this.machine.name}: ${text}`);
  }
}
