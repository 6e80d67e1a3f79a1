import { cutAtWord } from "../lib/text.ts";
import type { EngineStep } from "../model/step.ts";

/** The engine's own words are kept behind ours, in this much room: in full they stand in its log. */
const ownWords = 160;

/** What an engine that refused a call means, in words: the commonest are recognised, of others the call is named. */
export function engineRefusal(
  step: Pick<EngineStep, "method" | "path">,
  machine: string,
  message: string,
  status: number,
): string {
  const meant = recognised.flatMap(({ words, say }) => {
    const found = words.exec(message);
    return found === null ? [] : say(found, machine);
  })[0];
  const said = meant ?? `the engine of ${machine} could not ${callText(step)}`;
  return `${said} (engine: ${cutAtWord(withoutWrapping(message), ownWords)}; ${status})`;
}

const recognised: readonly {
  readonly words: RegExp;
  readonly say: (found: RegExpExecArray, machine: string) => string;
}[] = [
  {
    words: /Bind for (\S+):(\d+) failed: port is already allocated/,
    say: ([, address = "", port = ""], machine) =>
      `${hostPort(address, port)} of ${machine} is in use by another container`,
  },
  {
    words: /listen (?:tcp|udp)[46]? (\S+):(\d+): bind: address already in use/,
    say: ([, address = "", port = ""], machine) =>
      `${hostPort(address, port)} of ${machine} is in use by something else`,
  },
  {
    words:
      /failed to bind host port (?:for )?(\[[^\]]+\]|[\d.]*):(\d+)\b.*: (?:bind: )?address already in use/,
    say: ([, address = "", port = ""], machine) =>
      `${hostPort(address, port)} of ${machine} is in use by something else`,
  },
  {
    words: /(\[[0-9a-f:]+\]|\d+\.\d+\.\d+\.\d+):(\d+)\b.*cannot assign requested address/,
    say: ([, address = "", port = ""], machine) =>
      `${machine} has no address ${address} to publish port ${port} on`,
  },
  {
    words: /exec: "([^"]+)": (?:executable file not found|stat \S+: no such file|no such file)/,
    say: ([, command = ""]) => `there is no '${command}' in the image to run`,
  },
  {
    words: /exec: "([^"]+)": permission denied/,
    say: ([, command = ""]) => `'${command}' in the image may not be run: permission denied`,
  },
  {
    words: /invalid signal: (\S+)/i,
    say: ([, signal = ""]) => `stopSignal: the engine knows no signal '${signal}'`,
  },
  {
    words: /invalid (CapAdd|CapDrop): unknown capability: "?([A-Za-z_]+)/,
    say: ([, key = "", name = ""]) =>
      `${key.charAt(0).toLowerCase()}${key.slice(1)}: the engine knows no capability '${name}'`,
  },
  {
    words: /sysctl "([^"]+)"/,
    say: ([, name = ""]) => `sysctls: the engine does not set '${name}' in a container`,
  },
  {
    words: /unable to find user (\S+): no matching entries/,
    say: ([, user = ""]) => `user: there is no '${user}' in the image`,
  },
];

/** Who has the port now is another's doing, or this app's turn comes before that one's: no fault of the app. */
export const isPortInUse = (message: string): boolean =>
  /port is already allocated|address already in use/i.test(message);

/** An update of a container whose end the engine has not heard of yet: a moment later it is taken. */
export const isBetweenEnds = (message: string): boolean =>
  /^cannot update container \S+: .*(?:cannot update a (?:stopped|deleted) |container(?: is)? not running|task \S+ not found)/i.test(
    message,
  );

/** On all addresses it is known by its number alone. */
const hostPort = (address: string, port: string): string =>
  /^(?:0\.0\.0\.0|\[::\]|::|)$/.test(address)
    ? `host port ${port}`
    : `host port ${address}:${port}`;

/** What every failure to start begins with says nothing. */
const withoutWrapping = (message: string): string =>
  message
    .replace(/^failed to create (?:shim )?task(?: for container)?: /, "")
    .replace(/^(?:OCI runtime create failed: |runc create failed: )+/, "")
    .replace(/^failed to set up container networking: /, "")
    .replace(/^driver failed programming external connectivity on endpoint \S+ \([0-9a-f]+\): /, "")
    .replace(/: unknown$/, "");

const verbs: Readonly<Record<string, string>> = {
  create: "create",
  start: "start",
  stop: "stop",
  rename: "rename",
  update: "change the limits of",
  pause: "pause",
  unpause: "unpause",
  connect: "attach a container to",
};

/** `start a container`, `remove a network`; else the call itself. */
function callText({ method, path }: Pick<EngineStep, "method" | "path">): string {
  const [things, ...rest] = path;
  const last = rest.at(-1);
  const verb = method === "DELETE" ? "remove" : typeof last === "string" ? verbs[last] : undefined;
  const noun = typeof things === "string" ? things.replace(/s$/, "") : undefined;
  if (verb !== undefined && noun !== undefined) return `${verb} a ${noun}`;
  return `do ${method} /${path.map((s) => (typeof s === "string" ? s : `<${s.bound}>`)).join("/")}`;
}
