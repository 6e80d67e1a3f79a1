import { addressOf } from "./scenario.ts";
import type { SimContainer } from "./engine.ts";
import type { SimMachine } from "./machine.ts";
import { isHealthy } from "./registry.ts";
import { isCurrent, labelOf, proxySocket } from "./watchman.ts";

/** Looks from machines whose proxies hand requests on to where apps run, whatever changes anywhere. */
export class Crossing {
  readonly broken: string[] = [];
  private readonly machines: ReadonlyMap<string, SimMachine>;
  private readonly nowMs: () => number;
  /** By app, the machine whose proxy answers to its route. */
  private readonly edges: ReadonlyMap<string, string>;
  /** Apps that have to be reached at all times. */
  private reached: ReadonlySet<string> = new Set();
  /** Of each app, where its edge handed on to when it was looked at last. */
  private readonly known = new Map<string, ReadonlySet<string>>();

  constructor(
    machines: ReadonlyMap<string, SimMachine>,
    nowMs: () => number,
    edges: ReadonlyMap<string, string>,
  ) {
    this.machines = machines;
    this.nowMs = nowMs;
    this.edges = edges;
    for (const machine of machines.values()) {
      const { onChange, onStop } = machine;
      machine.onChange = () => {
        onChange();
        this.look();
      };
      machine.onStop = (container) => {
        onStop(container);
        this.lookAtStop(machine, container);
      };
    }
  }

  /** From now on these have to go on being reached, as far as they are, by what was proven. */
  watch(serving: ReadonlySet<string>): void {
    this.reached = new Set([...serving].filter((app) => this.isReached(app, isCurrent)));
  }

  narrow(serving: ReadonlySet<string>): void {
    this.reached = new Set([...this.reached].filter((app) => serving.has(app)));
  }

  private look(): void {
    for (const app of this.reached)
      if (!this.isReached(app)) this.report(`nothing healthy is reached of ${app} by its edge`);
    for (const app of this.edges.keys()) this.lookAtNew(app);
  }

  /** Who comes to it gets requests at once. */
  private lookAtNew(app: string): void {
    const now = this.handsOnTo(app);
    const before = this.known.get(app) ?? now;
    this.known.set(app, now);
    if (!this.reached.has(app)) return;
    for (const name of now.difference(before))
      if (this.servingAt(name, app).length === 0)
        this.report(`${app} is handed on to ${name} before it serves there`);
  }

  /** Who is the last of a machine is not stopped while requests come there. */
  private lookAtStop({ name }: SimMachine, container: SimContainer): void {
    const app = labelOf(container, "slipway.app");
    if (!this.reached.has(app) || name === this.edges.get(app)) return;
    if (!isCurrent(container) || !isHealthy(container, this.nowMs())) return;
    const others = this.servingAt(name, app).filter((c) => c !== container);
    if (others.length === 0 && this.handsOnTo(app).has(name))
      this.report(`${container.name} on ${name} is stopped while its edge hands on to it`);
  }

  private isReached(
    app: string,
    counts: (container: SimContainer) => boolean = () => true,
  ): boolean {
    const answering = this.remotesOf(app).filter(({ name, port }) =>
      this.proxyOn(name)?.answersAt(port, app),
    );
    return [this.edges.get(app) ?? "", ...answering.map(({ name }) => name)].some((name) =>
      this.servingAt(name, app).some(counts),
    );
  }

  private proxyOn(name: string) {
    return this.machines.get(name)?.engine.proxyAt(proxySocket);
  }

  private handsOnTo(app: string): ReadonlySet<string> {
    return new Set(this.remotesOf(app).map(({ name }) => name));
  }

  private remotesOf(app: string) {
    const remotes = this.proxyOn(this.edges.get(app) ?? "")?.handsOnTo(app) ?? [];
    const names = [...this.machines.keys()];
    return remotes.flatMap(({ address, port }) => {
      const name = names.find((one) => addressOf(one) === address);
      return name === undefined ? [] : [{ name, port }];
    });
  }

  /** Healthy containers that a machine's proxy hands on to. */
  private servingAt(name: string, app: string): readonly SimContainer[] {
    const addresses = this.proxyOn(name)?.servingOf(app) ?? [];
    const containers = this.machines.get(name)?.engine.containers ?? [];
    return containers.filter(
      (c) =>
        labelOf(c, "slipway.app") === app &&
        addresses.includes(c.address) &&
        isHealthy(c, this.nowMs()),
    );
  }

  private report(text: string): void {
    this.broken.push(text);
  }
}
