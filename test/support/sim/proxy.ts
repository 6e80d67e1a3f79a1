import { mapNames } from "../../../src/kinds/shared/proxy/maps.ts";
import { servedIn, type Served } from "../../../src/model/served.ts";
import type { Traffic } from "../../../src/model/step.ts";
import type { SimDisk } from "./disk.ts";
import { ShownCertificates } from "./shown-certificates.ts";

interface SimServer {
  readonly backend: string;
  readonly slot: string;
  address: string;
  port: number;
  weight: number;
  /** Set aside by its own; what tracks it is so too. */
  isAside: boolean;
  readonly tracks?: string;
  /** Since when it gets nothing new. */
  asideMs: number;
}

/** What is under way at a server that was set aside ends so much later. */
const openMs = 8_000;

const seen = "/etc/slipway";

/** As much of a running HAProxy as its kind and a switch see: servers and maps, from its files on, then as it is told. */
export class SimProxy {
  readonly servers: readonly SimServer[];
  private readonly maps: ReadonlyMap<string, Map<string, string>>;
  private readonly variables: readonly string[];
  private readonly nowMs: () => number;
  private readonly certificates: ShownCertificates;

  /** Throws where HAProxy would not start. */
  constructor(
    disk: SimDisk,
    folder: string,
    {
      certs = `${folder}/certs`,
      variables,
      nowMs,
    }: {
      /** Where its certificates are, if not in its folder. */
      readonly certs?: string;
      readonly variables: readonly string[];
      readonly nowMs: () => number;
    },
  ) {
    this.variables = variables;
    this.nowMs = nowMs;
    const config = disk.read(`${folder}/haproxy.cfg`);
    if (config === undefined) throw new Error("there is no haproxy.cfg");
    const missing = [...config.matchAll(/\/etc\/slipway\/([a-z0-9.-]+\.(?:map|http))/g)].find(
      ([, name = ""]) => disk.read(`${folder}/${name}`) === undefined,
    );
    if (missing !== undefined) throw new Error(`there is no ${missing[1]}`);
    const list = config.includes(`${seen}/crt-list`) ? disk.read(`${folder}/crt-list`) : "";
    this.certificates = new ShownCertificates(list ?? "", (file) =>
      disk.read(file.replace(`${seen}/certs`, certs)),
    );
    this.servers = serversIn(config, nowMs() - openMs);
    this.maps = new Map(
      mapNames.map((name) => [
        `${seen}/${name}`,
        new Map(
          (disk.read(`${folder}/${name}`) ?? "").split("\n").flatMap((line) => {
            const [key = "", ...value] = line.split(" ");
            return key === "" ? [] : [[key, value.join(" ")] as const];
          }),
        ),
      ]),
    );
  }

  /** The answer to a line of commands. */
  say(text: string): string {
    const [, command, given] = /^(.* <<)\n([^]*?)\n\n$/.exec(text) ?? [];
    if (command !== undefined) return `${this.answer(command, given)}\n`;
    return text
      .trimEnd()
      .split(/(?<!\\);/)
      .map((command) => `${this.answer(command.replaceAll(/\\(.)/g, "$1").trim())}\n`)
      .join("");
  }

  /** Addresses that get a pool's traffic on this machine. */
  servingOf(pool: string): readonly string[] {
    const backend = this.map("pools.map").get(`${pool}~`);
    return this.servers
      .filter((s) => s.backend === backend && this.isReady(s) && s.weight > 0)
      .map((s) => s.address);
  }

  /** Where it hands a pool's requests on to, besides this machine. */
  handsOnTo(pool: string): readonly { readonly address: string; readonly port: number }[] {
    const backend = this.map("pools.map").get(pool);
    return this.servers.filter(
      (s) => s.backend === backend && s.slot.startsWith("r") && this.isReady(s),
    );
  }

  /** Whether it takes requests for a pool at a number, as other machines' proxies ask for it. */
  answersAt(port: number, pool: string): boolean {
    return this.map("names.map").get(`${port}=${pool}`) === pool;
  }

  /** Names of pools that it knows. */
  pools(): readonly string[] {
    return [...this.map("pools.map").keys()].flatMap((key) =>
      key.endsWith("~") ? [key.slice(0, -1)] : [],
    );
  }

  /** Whether an address gets anything, or has something under way. */
  isUsing(address: string): boolean {
    return this.servers.some((s) => s.address === address && this.openAt(s) > 0);
  }

  /** What it does, as text: an address that gets nothing is none. */
  state(): string {
    const servers = this.servers.map(({ backend, slot, address, port, weight, isAside }) =>
      isAside ? [backend, slot] : [backend, slot, address, port, weight],
    );
    const maps = [...this.maps].map(([name, entries]) => [
      name,
      [...entries].map((entry) => entry.join(" ")).toSorted(),
    ]);
    return JSON.stringify([servers, maps, this.certificates.files()]);
  }

  /** Whether it would do the same after it was started again. */
  isAsWritten(disk: SimDisk, folder: string): boolean {
    const { nowMs, variables } = this;
    return new SimProxy(disk, folder, { nowMs, variables }).state() === this.state();
  }

  /** As the step of that name leaves it. */
  load(file: string, text: string, host: string | undefined): void {
    this.certificates.load(file, text, host);
  }

  /** As the step of that name leaves it and its file, where nothing goes wrong. */
  switchTo(
    { pools, instance, proxy }: Traffic,
    {
      address,
      served,
    }: { readonly address: string; readonly served?: readonly Served[] | undefined },
    share: number,
    disk: SimDisk,
  ): void {
    const poolsMap = this.map("pools.map");
    for (const pool of pools) {
      const { port, path } = { ...pool, ...servedIn(served, pool.name) };
      const keys = [pool.name, `${pool.name}~`];
      const backends = keys.flatMap((key) => poolsMap.get(key) ?? []);
      if (backends.length === 0) throw new Error(`the proxy has no backend for ${pool.name}`);
      const asked = pool.path === undefined ? undefined : poolsMap.get(`${pool.name}~`);
      for (const backend of backends) {
        const [a, b] = ["a", "b"].map((half) => this.find(`${backend}/i${instance}${half}`));
        if (a === undefined || b === undefined) throw new Error(`no place in ${backend}`);
        const has = (s: SimServer): boolean => s.address === address && s.port === port;
        const [to, from] = has(a) || (!has(b) && !this.isReady(a)) ? [a, b] : [b, a];
        Object.assign(to, { address, port, weight: share, isAside: false });
        if (share === 100) this.setAside(from);
        else from.weight = 100 - share;
        const weight = (s: SimServer): string => (s.weight === 100 ? "" : ` weight ${s.weight}`);
        const line = (s: SimServer): string =>
          s.isAside ? "0.0.0.0:1 disabled" : `${s.address}:${s.port}${weight(s)}`;
        const [now, then] =
          backend === asked ? [path ?? "none", share === 100 ? "none" : ""] : ["none", "none"];
        this.askAt(to, now);
        this.askAt(from, then);
        const words = [backend, to.slot, line(to), now, backend, from.slot, line(from), then];
        rewriteServers(disk, [proxy, ...words]);
      }
    }
  }

  /** As a drain leaves it and its file. */
  withdraw(address: string, proxy: string, disk: SimDisk): void {
    for (const server of this.servers.filter((s) => s.address === address && this.isReady(s))) {
      this.setAside(server);
      this.askAt(server, "none");
      const words = [server.backend, server.slot, "0.0.0.0:1 disabled", "none"];
      rewriteServers(disk, [proxy, ...words]);
    }
  }

  /** Where a server's health is asked for: a path, `none`, or empty for where it was. */
  private askAt({ backend, slot }: SimServer, path: string): void {
    const paths = this.map("check-paths.map");
    if (path === "none") paths.delete(`${backend}/${slot}`);
    else if (path !== "") paths.set(`${backend}/${slot}`, path);
  }

  private find(name: string): SimServer | undefined {
    return this.servers.find((s) => `${s.backend}/${s.slot}` === name);
  }

  private map(name: string): Map<string, string> {
    return this.maps.get(`${seen}/${name}`) ?? new Map<string, string>();
  }

  private isReady(server: SimServer): boolean {
    const tracked = server.tracks === undefined ? undefined : this.find(server.tracks);
    return !server.isAside && tracked?.isAside !== true;
  }

  private setAside(server: SimServer): void {
    if (!server.isAside) server.asideMs = this.nowMs();
    server.isAside = true;
  }

  private openAt(server: SimServer): number {
    if (this.isReady(server)) return 1;
    return this.nowMs() < server.asideMs + openMs ? 1 : 0;
  }

  private serverLine(server: SimServer): string {
    const admin = server.isAside ? 1 : this.isReady(server) ? 0 : 2;
    const { backend, slot, address, port, weight } = server;
    return [3, backend, 1, slot, address, admin === 0 ? 2 : 0, admin, weight, port].join(" ");
  }

  private answer(command: string, given = ""): string {
    const shown = this.certificates.answer(command, given);
    if (shown !== undefined) return shown;
    const [verb = "", what = "", name = "", ...words] = command.split(" ");
    if (command === "show servers state")
      return [
        "1",
        "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port",
        ...this.servers.map((s) => this.serverLine(s)),
        "",
      ].join("\n");
    if (command.startsWith("show stat")) return this.stat();
    if (command === "show cli level") return "admin\n";
    if (command.startsWith("show env "))
      return `${this.variables.find((v) => v.startsWith(`${name}=`)) ?? "Variable not found"}\n`;
    if (what === "map") return this.onMap(verb, name, words);
    if (command.startsWith("set server ")) return this.onServer(name, words);
    throw new Error(`the simulated proxy does not know ${command}`);
  }

  private onMap(verb: string, file: string, [key = "", ...value]: readonly string[]): string {
    const map = this.maps.get(file);
    if (map === undefined) return "Unknown map identifier.\n";
    if (verb === "show")
      return [...map].map(([k, v], i) => `0x${(i + 1).toString(16)} ${k} ${v}\n`).join("");
    if (verb === "del") return map.delete(key) ? "" : "Key not found.\n";
    if (verb === "set" && !map.has(key)) return "Key not found.\n";
    // A key that is added twice is there twice, and the first one counts.
    if (verb === "add" && map.has(key)) return "";
    map.set(key, value.join(" "));
    return "";
  }

  private onServer(name: string, [what, ...words]: readonly string[]): string {
    const server = this.find(name);
    if (server === undefined) return "No such server.\n";
    if (what === "addr") {
      server.address = words[0] ?? "";
      server.port = Number(words[2]);
    } else if (what === "weight") server.weight = Number(words[0]);
    else if (words[0] === "ready") server.isAside = false;
    else if (words[0] === "maint") this.setAside(server);
    else throw new Error(`the simulated proxy does not know set server ${what} ${words.join(" ")}`);
    return "";
  }

  private stat(): string {
    const lines = this.servers.map((s) =>
      [s.backend, s.slot, this.openAt(s), 0, 0, 0, 0, 0, "http", `${s.address}:${s.port}`].join(),
    );
    return ["# pxname,svname,scur,stot,econ,eresp,hrsp_5xx,rtime,mode,addr", ...lines, ""].join(
      "\n",
    );
  }
}

function serversIn(config: string, asideMs: number): readonly SimServer[] {
  let backend = "";
  let tracks: string | undefined;
  const servers: SimServer[] = [];
  for (const line of config.split("\n")) {
    backend = /^(?:backend|frontend) (\S+)/.exec(line)?.[1] ?? backend;
    if (line.startsWith("  default-server")) tracks = / track (\S+)/.exec(line)?.[1];
    const [, slot, address, port, rest = ""] =
      /^ {2}server (\S+) (\S+):(\d+)(.*)$/.exec(line) ?? [];
    if (slot === undefined || address === undefined) continue;
    servers.push({
      backend,
      slot,
      address: address.replaceAll(/[[\]]/g, ""),
      port: Number(port),
      weight: Number(/ weight (\d+)/.exec(rest)?.[1] ?? 100),
      isAside: / disabled\b/.test(rest),
      asideMs,
      ...(tracks === undefined ? {} : { tracks }),
    });
  }
  return servers;
}

/** What the script of a switch does: of each four words a backend, a slot, what is to stand there, and where it is asked. */
export function rewriteServers(disk: SimDisk, [proxy = "", ...words]: readonly string[]): void {
  const path = `${proxy}/haproxy.cfg`;
  const lines = new Map<string, string>();
  const asked = new Map<string, string>();
  for (let i = 0; i < words.length; i += 4) {
    const [backend = "", slot = "", line = "", at = ""] = words.slice(i, i + 4);
    lines.set(`${backend}/${slot}`, line);
    if (at !== "") asked.set(`${backend}/${slot}`, at);
  }
  let backend = "";
  const text = (disk.read(path) ?? "").split("\n").map((line) => {
    backend = /^backend (\S+)/.exec(line)?.[1] ?? backend;
    const slot = /^ {2}server (\S+)/.exec(line)?.[1];
    const rest = slot === undefined ? undefined : lines.get(`${backend}/${slot}`);
    return rest === undefined ? line : `  server ${slot} ${rest}`;
  });
  disk.write(path, text.join("\n"), 0o600);
  const paths = disk.read(`${proxy}/check-paths.map`);
  if (paths === undefined) return;
  const kept = paths
    .split("\n")
    .filter((line) => line !== "" && !asked.has(line.split(" ")[0] ?? ""));
  const put = [...asked].flatMap(([key, at]) => (at === "none" ? [] : [`${key} ${at}`]));
  const all = [...kept, ...put].map((line) => `${line}\n`).toSorted();
  disk.write(`${proxy}/check-paths.map`, all.join(""), 0o600);
}
