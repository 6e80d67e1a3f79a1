import { isObject } from "../../../src/lib/json.ts";
import type { SimClock } from "./clock.ts";
import { SimDisk } from "./disk.ts";
import { SimEngine, type Reply, type SimContainer } from "./engine.ts";
import type { SimProxy } from "./proxy.ts";
import type { Random } from "./random.ts";
import { isHealthy, live, stopMs, type SimRegistry } from "./registry.ts";
import { bootKernel } from "./settings.ts";

/** A process that has a machine's lock and reads heartbeats. */
export interface LockReader {
  readonly holder: string;
  lastBeatMs: number;
  /** Its end lets the lock go. */
  end(): void;
}

const readerMs = 30_000;
const noSpace = "write: no space left on device";

/** One machine in memory, as it behaves in time. What reaches it happens at once; what takes time says so. */
export class SimMachine {
  readonly name: string;
  readonly disk = new SimDisk();
  readonly engine: SimEngine;
  readonly registry: SimRegistry;
  private readonly clock: SimClock;
  reader: LockReader | undefined;
  isReachable = true;
  /** Answers 500 to all. */
  isEngineIll = false;
  isDiskFull = false;
  /** Rules of the lock that did not hold. */
  readonly broken: string[] = [];
  /** Told after all that may have changed something there. */
  onChange: () => void = () => undefined;
  /** Told before a container is stopped. */
  onStop: (container: SimContainer) => void = () => undefined;

  constructor(name: string, clock: SimClock, registry: SimRegistry) {
    this.name = name;
    this.clock = clock;
    this.registry = registry;
    this.engine = new SimEngine(this.disk, () => clock.now());
    this.disk.write("/etc/hosts", "127.0.0.1 localhost\n");
    bootKernel(this.disk);
  }

  seconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  /** Only who has the lock changes something. */
  checkHolder(who: string, what: string): void {
    const holder = this.reader?.holder;
    if (holder !== undefined && holder !== who)
      this.broken.push(`${this.name}: ${who} does ${what} while ${holder} has the lock`);
  }

  listenerAt(path: string): SimProxy | undefined {
    this.live();
    return this.engine.proxyAt(path);
  }

  /** Of those that share a socket, one. */
  someListenerAt(path: string, random: Random): SimProxy | undefined {
    this.live();
    const all = this.engine.proxiesAt(path);
    return all.length > 1 ? random.pick(all) : all[0];
  }

  /** What has become of all containers by now. */
  live(): void {
    for (const container of this.engine.containers) live(container, this.clock.now());
  }

  /** Like `flock -n` around the reader: undefined when another has the lock. */
  lock(root: string, holder: string, ended: (code: number) => void): string | undefined {
    if (this.reader !== undefined) return undefined;
    this.disk.makeFolder(`${root}/files`);
    this.disk.makeFolder(`${root}/before`);
    if (!this.disk.exists(`${root}/key`)) this.disk.write(`${root}/key`, `key-of-${this.name}`);
    const reader: LockReader = {
      holder,
      lastBeatMs: this.clock.now(),
      end: () => {
        if (this.reader !== reader) return;
        this.reader = undefined;
        ended(0);
      },
    };
    this.reader = reader;
    const watch = (): void =>
      this.clock.at(reader.lastBeatMs + readerMs, () => {
        if (this.reader !== reader) return;
        if (this.clock.now() >= reader.lastBeatMs + readerMs) reader.end();
        else watch();
      });
    watch();
    const [, until = "0"] = (this.disk.read(`${root}/lock`) ?? "").trim().split(" ");
    return `held ${until} ${this.seconds()}\n`;
  }

  async request(method: string, path: string, body: unknown): Promise<Reply> {
    this.live();
    if (this.isEngineIll) return refused(500, "the engine is ill");
    const url = new URL(path, "http://engine");
    const segments = url.pathname.split("/").slice(1).map(decodeURIComponent);
    const [kind, ...rest] = segments;
    if (kind === "distribution") return this.distribution(rest.slice(0, -1).join("/"));
    if (kind === "images" && rest.at(-1) === "json" && rest.length > 1)
      return this.localImage(rest.slice(0, -1).join("/"));
    if (method === "GET") return this.engine.get(path);
    if (this.isDiskFull && rest.at(-1) === "create") return refused(500, noSpace);
    if (rest.at(-1) === "stop") return await this.stop(rest[0] ?? "", url);
    const reply = this.engine.call(
      method,
      segments,
      Object.fromEntries(url.searchParams),
      isObject(body) ? body : undefined,
    );
    this.onChange();
    return reply;
  }

  /** The lines that a pull's stream tells. */
  pull(reference: string): readonly string[] {
    const image = this.registry.isDown ? undefined : this.registry.find(reference);
    if (this.isDiskFull) return [JSON.stringify({ error: noSpace })];
    if (image === undefined) return [JSON.stringify({ error: `no manifest for ${reference}` })];
    if (!this.engine.images.includes(image)) this.engine.images.push(image);
    return [JSON.stringify({ status: "Downloaded" })];
  }

  /** Who listens on an address of the bridge, and is well. */
  probe(host: string): { readonly healthy: boolean; readonly text: string } {
    this.live();
    const found = this.engine.containers.find((c) => c.address === host);
    const healthy = found !== undefined && isHealthy(found, this.clock.now());
    return healthy ? { healthy, text: "200 in 1 ms" } : { healthy, text: "connection refused" };
  }

  /** Goes on although whoever asked for it has gone. */
  private async stop(id: string, url: URL): Promise<Reply> {
    const container = this.engine.find(id);
    if (container === undefined) return refused(404, "No such container");
    if (!this.engine.isRunning(container)) return { status: 304, body: null };
    this.onStop(container);
    const epoch = this.epoch();
    await this.clock.sleep(stopMs(container, Number(url.searchParams.get("t") ?? 10) * 1000));
    if (this.isThere(container) && this.epoch() !== epoch)
      this.broken.push(`${this.name}: a stop of ${container.name} ends under another epoch`);
    const reply = this.isThere(container)
      ? this.engine.call("POST", ["containers", container.id, "stop"], {}, undefined)
      : refused(404, "No such container");
    this.onChange();
    return reply;
  }

  private epoch(): string | undefined {
    const inventory = this.disk.read("/var/lib/slipway/acme/inventory.json");
    return /"epoch": \d+/.exec(inventory ?? "")?.[0];
  }

  private isThere(container: SimContainer): boolean {
    return this.engine.containers.includes(container);
  }

  private distribution(text: string): Reply {
    if (this.registry.isDown) return refused(500, "the registry does not answer");
    const digest = this.registry.find(text)?.digests[0]?.split("@")[1];
    return digest === undefined
      ? refused(404, `no manifest for ${text}`)
      : { status: 200, body: { Descriptor: { digest } } };
  }

  private localImage(text: string): Reply {
    const image = this.engine.images.find((i) => i.tags.includes(text) || i.id === text);
    if (image === undefined) return refused(404, `No such image: ${text}`);
    return { status: 200, body: { Id: image.id, RepoDigests: image.digests } };
  }
}

const refused = (status: number, message: string): Reply => ({ status, body: { message } });
