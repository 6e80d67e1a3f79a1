import type { Json, JsonObject } from "../../../src/lib/json.ts";
import { isObject } from "../../../src/lib/json.ts";
import type { Node, SimDisk } from "./disk.ts";
import { SimProxy } from "./proxy.ts";

/** A status that the engine answers with, and its body. */
export interface Reply {
  readonly status: number;
  readonly body: Json;
}

export interface SimImage {
  readonly id: string;
  readonly digests: readonly string[];
  readonly tags: readonly string[];
  readonly config: JsonObject;
}

export interface SimContainer {
  readonly id: string;
  name: string;
  readonly body: JsonObject;
  readonly image: SimImage;
  host: JsonObject;
  /** Network → aliases, and the address that was asked for. */
  readonly networks: Map<string, SimEndpoint>;
  status: "created" | "running" | "paused" | "restarting" | "exited";
  exitCode: number;
  /** Why it could not be started. */
  error: string;
  restarts: number;
  /** On its bridges, while it runs. */
  address: string;
  createdAt: string;
  startedAt: string;
  /** The names file that it was started with, whatever takes its place since. */
  hosts?: Node | undefined;
  /** Shipped files that it mounts, as it read them last. */
  files?: readonly SimFile[];
  /** What runs in it, where it is a proxy. */
  proxy?: SimProxy | undefined;
  /** When a proxy was told to leave as soon as nothing is open any more. */
  leavingMs?: number | undefined;
}

export interface SimFile {
  readonly source: string;
  /** What it sees, whatever takes its place since. */
  readonly node: Node | undefined;
  readonly read: string | undefined;
}

export interface SimEndpoint {
  readonly aliases: readonly string[];
  readonly address?: string;
}

interface SimNetwork {
  readonly id: string;
  readonly name: string;
  readonly labels: JsonObject;
  /** Subnet, gateway, range. */
  readonly config: JsonObject;
}

interface SimVolume {
  readonly name: string;
  readonly labels: JsonObject;
}

const never = "0001-01-01T00:00:00Z";

/** What of the machine is mounted there. */
export const sourceOf = ({ host }: SimContainer, target: string): string | undefined =>
  list(host["Mounts"])
    .map(object)
    .find((mount) => mount["Target"] === target)?.["Source"] as string | undefined;

/** Where it has its names from on the machine. */
export const hostsFileOf = (container: SimContainer): string | undefined =>
  sourceOf(container, "/etc/hosts");

const shippedTo = ({ host }: SimContainer): readonly string[] =>
  list(host["Mounts"])
    .map((mount) => String(object(mount)["Source"]))
    .filter((source) => source.includes("/files/"));

/** As much of the Docker Engine as kinds rely on: what it refuses, and what it answers when asked again. */
export class SimEngine {
  readonly containers: SimContainer[] = [];
  readonly networks: SimNetwork[] = [];
  readonly volumes: SimVolume[] = [];
  readonly images: SimImage[] = [];
  private readonly disk: SimDisk;
  private readonly clockMs: () => number;
  private ticks = 0;
  private lastMs = 0;

  /** Without a clock time passes from call to call. */
  constructor(disk: SimDisk, clockMs?: () => number) {
    this.disk = disk;
    this.clockMs = clockMs ?? (() => Date.UTC(2030, 0, 1) + this.ticks * 1000);
  }

  find(reference: string): SimContainer | undefined {
    return this.containers.find((c) => c.id === reference || c.name === reference);
  }

  /** Its process has ended, which the engine has yet to take in. */
  isEnding: (container: SimContainer) => boolean = () => false;

  /** Who serves by a socket: the one that was started last. */
  proxyAt(path: string): SimProxy | undefined {
    return this.proxiesAt(path)[0];
  }

  /** Who may answer at a socket, last started first: all that were not told to leave share it. */
  proxiesAt(path: string): readonly SimProxy[] {
    const folder = path.slice(0, path.lastIndexOf("/"));
    const all = this.containers
      .filter((c) => this.isRunning(c) && sourceOf(c, "/run/slipway") === folder)
      .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
    const staying = all.filter((c) => c.leavingMs === undefined);
    return (staying.length > 0 ? staying : all.slice(0, 1)).flatMap((c) => c.proxy ?? []);
  }

  isRunning(container: SimContainer): boolean {
    return ["running", "paused", "restarting"].includes(container.status);
  }

  get(path: string): Reply {
    const url = new URL(path, "http://engine");
    const [, kind, id, verb] = url.pathname.split("/").map(decodeURIComponent);
    if (kind === "containers" && id === "json")
      return ok(this.containers.filter((c) => isFiltered(c, url)).map(summary));
    if (kind === "containers" && verb === "json") {
      const found = this.find(id ?? "");
      return found === undefined
        ? refused(404, "No such container")
        : ok(inspect(found, this.isRunning(found)));
    }
    if (kind === "info") return ok({ ServerVersion: "20.10.24", DefaultAddressPools: null });
    if (kind === "networks" && id === undefined) return ok(this.networks.map(networkJson));
    if (kind === "volumes" && id === undefined)
      return ok({ Volumes: this.volumes.map(volumeJson), Warnings: null });
    if (kind === "images" && id === "json") return ok(this.images.map(imageJson));
    if (kind === "images" && verb === "json") {
      const found = this.images.find((i) => i.id === id);
      return found === undefined
        ? refused(404, "No such image")
        : ok({ Id: found.id, RepoDigests: found.digests, Config: found.config });
    }
    if (kind === "version") return ok({ Version: "24.0.7" });
    return refused(404, "page not found");
  }

  call(
    method: string,
    path: readonly string[],
    query: Readonly<Record<string, string>>,
    body: Json | undefined,
  ): Reply {
    const [kind, id = "", verb] = path;
    const sent: JsonObject = isObject(body) ? body : {};
    if (kind === "containers" && id === "create") return this.create(query["name"] ?? "", sent);
    if (kind === "containers") {
      const container = this.find(id);
      if (container === undefined) return refused(404, `No such container: ${id}`);
      if (method === "DELETE") return this.removeContainer(container, query["force"] === "true");
      return this.act(container, verb ?? "", query, sent);
    }
    if (kind === "networks") return this.network(method, id, verb, sent);
    if (kind === "volumes") return this.volume(method, id, sent);
    return refused(404, "page not found");
  }

  private create(name: string, body: JsonObject): Reply {
    if (this.containers.some((c) => c.name === name))
      return refused(409, `The container name "/${name}" is already in use`);
    const image = this.images.find(
      (i) => i.id === body["Image"] || [...i.digests, ...i.tags].includes(String(body["Image"])),
    );
    if (image === undefined) return refused(404, `No such image: ${String(body["Image"])}`);
    const host = object(body["HostConfig"]);
    for (const mount of list(host["Mounts"]).map(object)) {
      if (mount["Type"] === "bind" && !this.disk.exists(String(mount["Source"])))
        return refused(400, `bind source path does not exist: ${String(mount["Source"])}`);
      if (mount["Type"] === "volume" && !this.volumes.some((v) => v.name === mount["Source"]))
        this.volumes.push({ name: String(mount["Source"]), labels: {} });
    }
    const endpoints = object(object(body["NetworkingConfig"])["EndpointsConfig"]);
    if (Object.keys(endpoints).length > 1)
      return refused(400, "Container cannot be connected to network endpoints");
    const mode = String(host["NetworkMode"]);
    const networks = new Map([[mode, endpoint(endpoints[mode])]]);
    const refusal = this.addressRefused(mode, endpoint(endpoints[mode]));
    if (refusal !== undefined) return refusal;
    const id = this.newId();
    const createdAt = this.now();
    const common = {
      exitCode: 0,
      error: "",
      restarts: 0,
      address: "",
      createdAt,
      startedAt: never,
      status: "created" as const,
    };
    this.containers.push({ id, name, body, image, host, networks, ...common });
    return { status: 201, body: { Id: id, Warnings: [] } };
  }

  private act(
    container: SimContainer,
    verb: string,
    query: Readonly<Record<string, string>>,
    body: JsonObject,
  ): Reply {
    switch (verb) {
      case "start":
        return this.start(container);
      case "stop":
        if (!this.isRunning(container)) return { status: 304, body: null };
        container.status = "exited";
        container.exitCode = 137;
        return { status: 204, body: null };
      case "restart":
        container.status = "exited";
        return this.start(container);
      case "kill":
        if (!this.isRunning(container)) return refused(409, "is not running");
        // A proxy leaves; an app reads its files again.
        if (container.proxy === undefined)
          container.files = (container.files ?? []).map((f) => ({ ...f, read: f.node?.content }));
        else container.leavingMs = this.clockMs();
        return { status: 204, body: null };
      case "unpause":
        if (container.status !== "paused") return refused(500, "is not paused");
        container.status = "running";
        return { status: 204, body: null };
      case "rename": {
        const name = query["name"] ?? "";
        if (name === container.name)
          return refused(400, "Renaming a container with the same name as its current name");
        if (this.containers.some((c) => c.name === name))
          return refused(409, `The container name "/${name}" is already in use`);
        container.name = name;
        return { status: 204, body: null };
      }
      case "update":
        return this.isRunning(container) && this.isEnding(container)
          ? refused(500, "cannot update a stopped container")
          : update(container, body);
      default:
        return refused(404, "page not found");
    }
  }

  private start(container: SimContainer): Reply {
    if (this.isRunning(container)) return { status: 304, body: null };
    const missing = [...container.networks.keys()].find(
      (n) => n !== "host" && !this.networks.some((one) => one.name === n),
    );
    if (missing !== undefined) return refused(404, `network ${missing} not found`);
    const taken = new Set(
      this.containers.filter((c) => c !== container && this.isRunning(c)).flatMap(hostPorts),
    );
    const clash = hostPorts(container).find((port) => taken.has(port));
    if (clash !== undefined) {
      container.error = `Bind for ${clash} failed: port is already allocated`;
      return refused(500, container.error);
    }
    const running = this.containers.filter((c) => c !== container && this.isRunning(c));
    const isTaken = [...container.networks].some(
      ([name, { address }]) =>
        address !== undefined && running.some((c) => c.networks.get(name)?.address === address),
    );
    if (isTaken) return refused(403, "Address already in use");
    container.error = "";
    container.status = "running";
    container.leavingMs = undefined;
    container.restarts = 0;
    container.startedAt = this.now();
    container.hosts = this.disk.nodes.get(hostsFileOf(container) ?? "");
    container.files = shippedTo(container).map((source) => {
      const node = this.disk.nodes.get(source);
      return { source, node, read: node?.content };
    });
    const asked = [...container.networks.values()].find(({ address }) => address !== undefined);
    container.address = asked?.address ?? `172.18.${(this.ticks >> 8) & 255}.${this.ticks & 255}`;
    this.startProxy(container);
    return { status: 204, body: null };
  }

  /** One that only checks its files ends at once. */
  private startProxy(container: SimContainer): void {
    const role = object(container.body["Labels"])["slipway.proxy"];
    if (role === undefined) return;
    const folder = sourceOf(container, "/etc/slipway") ?? "";
    const certs = sourceOf(container, "/etc/slipway/certs");
    const nowMs = (): number => this.clockMs();
    try {
      container.proxy = new SimProxy(this.disk, folder, {
        ...(certs === undefined ? {} : { certs }),
        variables: strings(container.body["Env"]),
        nowMs,
      });
      if (role === "check") container.status = "exited";
    } catch {
      container.status = "exited";
      container.exitCode = 1;
    }
  }

  private removeContainer(container: SimContainer, force: boolean): Reply {
    if (this.isRunning(container) && !force)
      return refused(409, "You cannot remove a running container");
    this.containers.splice(this.containers.indexOf(container), 1);
    return { status: 204, body: null };
  }

  private network(method: string, id: string, verb: string | undefined, body: JsonObject): Reply {
    if (id === "create") {
      const name = String(body["Name"]);
      if (this.networks.some((n) => n.name === name))
        return refused(409, `network with name ${name} already exists`);
      const [asked] = list(object(body["IPAM"])["Config"]);
      const config = isObject(asked) ? asked : this.freeSubnet();
      if (this.networks.some((n) => n.config["Subnet"] === config["Subnet"]))
        return refused(403, "Pool overlaps with other one on this address space");
      const network = { id: this.newId(), name, labels: object(body["Labels"]), config };
      this.networks.push(network);
      return { status: 201, body: { Id: network.id, Warning: "" } };
    }
    const network = this.networks.find((n) => n.id === id || n.name === id);
    if (network === undefined) return refused(404, `network ${id} not found`);
    if (method === "DELETE") {
      if (this.containers.some((c) => this.isRunning(c) && c.networks.has(network.name)))
        return refused(403, `network ${network.name} has active endpoints`);
      this.networks.splice(this.networks.indexOf(network), 1);
      return { status: 204, body: null };
    }
    const container = this.find(String(body["Container"]));
    if (container === undefined) return refused(404, "No such container");
    if (verb === "disconnect")
      return container.networks.delete(network.name)
        ? { status: 200, body: null }
        : refused(403, `${container.name} is not connected to network ${network.name}`);
    if (verb !== "connect") return refused(404, "No such container");
    if (container.networks.has(network.name))
      return refused(403, `endpoint already exists in network ${network.name}`);
    const attached = endpoint(body["EndpointConfig"]);
    const refusal = this.addressRefused(network.name, attached);
    if (refusal !== undefined) return refusal;
    container.networks.set(network.name, attached);
    return { status: 200, body: null };
  }

  private freeSubnet(): JsonObject {
    const taken = new Set(this.networks.map((n) => n.config["Subnet"]));
    for (let n = 17; ; n++) {
      const [Subnet, Gateway] = [`172.${n}.0.0/16`, `172.${n}.0.1`];
      if (!taken.has(Subnet)) return { Subnet, Gateway };
    }
  }

  /** The engine of Debian 12 gives an address that was asked for only on a network that was made with a range. */
  private addressRefused(name: string, { address }: SimEndpoint): Reply | undefined {
    const network = this.networks.find((n) => n.name === name);
    const isShared = network?.config["IPRange"] !== undefined;
    if (address === undefined || network === undefined || isShared) return undefined;
    return refused(400, "user specified IP address is supported only when …");
  }

  private volume(method: string, name: string, body: JsonObject): Reply {
    const wanted = name === "create" ? String(body["Name"]) : name;
    const known = this.volumes.find((v) => v.name === wanted);
    if (method === "POST") {
      const volume = known ?? { name: wanted, labels: object(body["Labels"]) };
      if (known === undefined) this.volumes.push(volume);
      return { status: 201, body: volumeJson(volume) };
    }
    if (known === undefined) return refused(404, `get ${wanted}: no such volume`);
    const isUsed = this.containers.some((c) =>
      list(c.host["Mounts"]).some((m) => object(m)["Source"] === wanted),
    );
    if (isUsed) return refused(409, "volume is in use");
    this.volumes.splice(this.volumes.indexOf(known), 1);
    return { status: 204, body: null };
  }

  private newId(): string {
    return (++this.ticks).toString(16).padStart(64, "0").split("").toReversed().join("");
  }

  /** No two things happen in the same millisecond. */
  private now(): string {
    this.ticks += 1;
    this.lastMs = Math.max(this.lastMs + 1, this.clockMs());
    return new Date(this.lastMs).toISOString();
  }
}

function update(container: SimContainer, body: JsonObject): Reply {
  const memory = Number(body["Memory"] ?? 0);
  if (memory > 0 && memory < 6 * 1024 * 1024)
    return refused(400, "Minimum memory limit allowed is 6MB");
  const swap = Number(container.host["MemorySwap"] ?? 0);
  if (memory > swap && swap > 0 && body["MemorySwap"] === undefined)
    return refused(409, "Memory limit should be smaller than already set memoryswap limit");
  // Zero is 'no change' in what the engine is sent.
  const members = Object.entries(body).filter(([, value]) => value !== 0 && value !== "");
  container.host = { ...container.host, ...Object.fromEntries(members) };
  return { status: 200, body: { Warnings: null } };
}

const ok = (body: Json): Reply => ({ status: 200, body });
const refused = (status: number, message: string): Reply => ({ status, body: { message } });
const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const strings = (value: Json | undefined): readonly string[] => list(value).map(String);

const hostPorts = (container: SimContainer): readonly string[] =>
  Object.entries(object(container.host["PortBindings"])).flatMap(([port, bindings]) =>
    list(bindings).map((b) => `${String(object(b)["HostPort"])}/${port.split("/")[1]}`),
  );

/** Values of one filter are alternatives, but for labels. */
function isFiltered(container: SimContainer, url: URL): boolean {
  const filters = object(JSON.parse(url.searchParams.get("filters") ?? "{}") as Json);
  const any = (key: string, is: (text: string) => boolean): boolean =>
    filters[key] === undefined || strings(filters[key]).some(is);
  return (
    hasLabel(container, strings(filters["label"])) &&
    any("id", (id) => container.id.startsWith(id)) &&
    any("name", (name) => new RegExp(name).test(`/${container.name}`))
  );
}

function hasLabel(container: SimContainer, wanted: readonly string[]): boolean {
  const labels = object(container.body["Labels"]);
  return wanted.every((text) => {
    const [key = "", value] = text.split("=");
    return value === undefined ? key in labels : labels[key] === value;
  });
}

const summary = (container: SimContainer): Json => ({
  Id: container.id,
  Names: [`/${container.name}`],
  ImageID: container.image.id,
});

/** What the engine answers to inspect, with what it adds by itself. */
function inspect(container: SimContainer, running: boolean): Json {
  const { id, name, body, image, host, networks, status, exitCode, createdAt, startedAt } =
    container;
  const address = running && status !== "restarting" ? container.address : "";
  const own = Object.fromEntries(strings(body["Env"]).map((e) => [e.split("=")[0], e]));
  const inherited = Object.fromEntries(
    strings(image.config["Env"]).map((e) => [e.split("=")[0], e]),
  );
  return {
    Id: id,
    Name: `/${name}`,
    Created: createdAt,
    Image: image.id,
    RestartCount: container.restarts,
    State: {
      Status: status,
      Running: running,
      Paused: status === "paused",
      Restarting: status === "restarting",
      OOMKilled: false,
      Dead: false,
      ExitCode: exitCode,
      Error: container.error,
      StartedAt: startedAt,
      FinishedAt: status === "exited" ? startedAt : never,
    },
    Config: {
      Hostname: id.slice(0, 12),
      User: "",
      WorkingDir: "",
      Entrypoint: null,
      ...image.config,
      ...body,
      // Arguments are the image's only where no entrypoint was given.
      Cmd:
        body["Cmd"] ??
        (strings(body["Entrypoint"]).length > 0 ? null : (image.config["Cmd"] ?? null)),
      Env: Object.values({ ...inherited, ...own }),
      Labels: { ...object(image.config["Labels"]), ...object(body["Labels"]) },
      Image: body["Image"] ?? "",
    },
    Mounts: list(host["Mounts"]).map(mountJson),
    HostConfig: { CapAdd: null, CapDrop: null, Dns: [], ShmSize: 67_108_864, Init: null, ...host },
    NetworkSettings: {
      Networks: Object.fromEntries(
        [...networks].map(([network, { aliases, address: own }]) => [
          network,
          {
            Aliases: [...aliases, id.slice(0, 12)],
            IPAMConfig: own === undefined ? null : { IPv4Address: own },
            IPAddress: address,
          },
        ]),
      ),
    },
  };
}

const mountJson = (value: Json): Json => {
  const { Type: type, Source: source, Target: target, ReadOnly: readOnly } = object(value);
  return {
    Type: type ?? "",
    ...(type === "volume"
      ? { Name: source ?? "", Source: "/var/lib/docker" }
      : { Source: source ?? "" }),
    Destination: target ?? "",
    RW: readOnly !== true,
  };
};

const endpoint = (value: Json | undefined): SimEndpoint => {
  const { Aliases: aliases, IPAMConfig: ipam } = object(value);
  const address = object(ipam)["IPv4Address"];
  return {
    aliases: strings(aliases),
    ...(typeof address === "string" ? { address } : {}),
  };
};

const networkJson = ({ id, name, labels, config }: SimNetwork): Json => ({
  Id: id,
  Name: name,
  Driver: "bridge",
  Labels: labels,
  IPAM: { Driver: "default", Config: [config] },
});

const volumeJson = ({ name, labels }: SimVolume): Json => ({
  Name: name,
  Driver: "local",
  Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
  Labels: labels,
});

const imageJson = ({ id, digests, tags }: SimImage): Json => ({
  Id: id,
  RepoDigests: digests,
  RepoTags: tags,
});
