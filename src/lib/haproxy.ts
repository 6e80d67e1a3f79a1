/** Answers of HAProxy's runtime API. Source: HAProxy management guide, section 9.3. */

export interface ProxyServer {
  readonly backend: string;
  /** `i1a`, `r2` */
  readonly slot: string;
  readonly address: string;
  readonly port: number;
  /** Takes new requests, as far as its checks go. */
  readonly ready: boolean;
  /** What its checks say; without any it is up. */
  readonly up: boolean;
  readonly weight: number;
}

/** `show servers state`; undefined for what is no such answer. */
export function parseServers(text: string): readonly ProxyServer[] | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.shift()?.trim() !== "1") return undefined;
  const names = lines.shift()?.replace(/^#\s*/, "").split(" ") ?? [];
  const column = (name: string): number => names.indexOf(name);
  const columns = [
    "be_name",
    "srv_name",
    "srv_addr",
    "srv_port",
    "srv_op_state",
    "srv_admin_state",
    "srv_uweight",
  ];
  if (columns.some((name) => column(name) < 0)) return undefined;
  const servers = lines.map((line): ProxyServer | undefined => {
    const words = line.split(" ");
    const at = (name: string): string => words[column(name)] ?? "";
    const numbers = ["srv_port", "srv_op_state", "srv_admin_state", "srv_uweight"].map(at);
    if (words.length < names.length || !numbers.every((text) => /^\d+$/.test(text)))
      return undefined;
    const [port = 0, state = 0, admin = 0, weight = 0] = numbers.map(Number);
    return {
      backend: at("be_name"),
      slot: at("srv_name"),
      address: at("srv_addr"),
      port,
      ready: (admin & forced) === 0,
      up: state !== stopped,
      weight,
    };
  });
  return servers.every((server) => server !== undefined) ? servers : undefined;
}

const stopped = 0;
/** Of srv_admin_state: maintenance or drain, forced or taken over from a tracked server. */
const forced = 0x01 | 0x02 | 0x08 | 0x10;

export interface ProxyCounters {
  readonly backend: string;
  /** `BACKEND` for all of it. */
  readonly slot: string;
  /** `172.18.0.5:8080`; empty for a backend. */
  readonly address: string;
  readonly connections: number;
  /** Answered; for TCP connections made. */
  readonly requests: number;
  /** 5xx, and what a server gave no answer to. */
  readonly errors: number;
  /** Mean time until an answer begins, of the last 1,024. */
  readonly latencyMs: number;
}

/** Of the address of who was counted, without its port. */
export const hostOf = ({ address }: Pick<ProxyCounters, "address">): string =>
  address.slice(0, address.lastIndexOf(":"));

/** `show stat`; undefined for what is no such answer. */
export function parseCounters(text: string): readonly ProxyCounters[] | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const names = lines.shift()?.replace(/^#\s*/, "").split(",") ?? [];
  const needed = ["pxname", "svname", "scur", "stot", "econ", "eresp", "hrsp_5xx", "rtime", "mode"];
  if (needed.some((name) => !names.includes(name))) return undefined;
  return lines.map((line) => {
    const words = line.split(",");
    const at = (name: string): string => words[names.indexOf(name)] ?? "";
    const count = (name: string): number => Number(at(name)) || 0;
    const isHttp = at("mode") === "http";
    const answers = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];
    const isAll = at("svname") === "BACKEND";
    // What a server broke off has no code there; where asking again helped, nobody else noticed.
    const broken = isHttp && !isAll ? count("eresp") : 0;
    return {
      backend: at("pxname"),
      slot: at("svname"),
      address: isAll ? "" : at("addr"),
      connections: count("scur"),
      requests: isHttp
        ? answers.reduce((sum, name) => sum + count(`hrsp_${name}`), broken)
        : count("stot"),
      errors: isHttp ? count("hrsp_5xx") + broken : count("econ") + count("eresp"),
      latencyMs: count("rtime"),
    };
  });
}

/** `show map FILE`: an entry a line, `0x55… key value`. */
export function parseMapEntries(text: string): ReadonlyMap<string, string> {
  const entries = text.split("\n").flatMap((line) => {
    const [, key, value] = /^0x[0-9a-f]+ (\S+) (.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value] as const];
  });
  return new Map(entries);
}

/** A word of a command: a `;` would end the command, a blank the word. */
export const escaped = (text: string): string =>
  text.replaceAll(/[^\w./:=~*%@-]/g, (sign) => `\\${sign}`);
