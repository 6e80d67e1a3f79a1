import type { SimContainer } from "./engine.ts";
import type { SimMachine } from "./machine.ts";
import { isHealthy, live } from "./registry.ts";

/** A rule that did not hold. */
export class Broken extends Error {
  override readonly name = "Broken";
}

export const labelOf = (container: SimContainer, name: string): string =>
  (container.body["Labels"] as Record<string, string> | undefined)?.[name] ?? "";

const inventoryPath = "/var/lib/slipway/acme/inventory.json";

/** Looks at one machine after each change there, whoever made it, and keeps the first rule that is broken. */
export class Watchman {
  readonly broken: string[] = [];
  /** Apps of which a healthy instance has to be there at all times. */
  serving: ReadonlySet<string> = new Set();
  private readonly machine: SimMachine;
  private readonly nowMs: () => number;
  private epoch = 0;
  private readonly volumes = new Set<string>();
  private readonly startsSeen = new Set<string>();
  private readonly released = new Set<string>();

  constructor(machine: SimMachine, nowMs: () => number) {
    this.machine = machine;
    this.nowMs = nowMs;
    machine.onChange = () => this.look();
  }

  /** Apps that have a healthy instance which was proven before. */
  proven(): ReadonlySet<string> {
    const proven = this.healthy().filter((c) => /-[0-9a-f]{8}$/.test(c.name));
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
    const there = new Set(engine.volumes.map((v) => v.name));
    for (const volume of this.volumes)
      if (!there.has(volume)) this.report(`volume ${volume} is lost`);
    for (const volume of there) this.volumes.add(volume);
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
