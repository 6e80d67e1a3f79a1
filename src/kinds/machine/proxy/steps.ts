import { familiarName } from "../../../lib/image-name.ts";
import { insideProxy, proxyFolder, proxySocket } from "../../../model/paths.ts";
import type { Facts } from "../../../model/resource.ts";
import type { PutEntry, Step, TalkStep } from "../../../model/step.ts";
import {
  createContainer,
  post,
  removeContainer,
  startContainer,
  stopContainer,
  updateContainer,
} from "../../shared/engine.ts";
import { label } from "../../shared/labels.ts";
import { optional } from "../../shared/optional.ts";
import { listStep } from "../../shared/certificate/swap.ts";
import type { ProxySpec } from "../../shared/proxy/spec.ts";
import { newHosts, runtimeCommands } from "./runtime.ts";
import { hasLeft, isLeaving, isToLeave, letGo } from "./leaving.ts";
import { specVariable, type ProxyContainer, type ProxyState } from "./state.ts";
import type { Wanted } from "./wanted.ts";

const pullMs = 15 * 60_000;
const startMs = 30_000;
const talkMs = 10_000;
const patienceMs = 3_000;
/** What is still open when a proxy has left for so long is cut. */
const leaveSeconds = 10;
/** Of one line to the proxy. Source: tune.bufsize, 16 KiB by default. */
const lineLength = 8_000;

/** Files first; then the container, where another one is needed; then what runs is moved. */
export function proxySteps(
  want: ProxySpec,
  wanted: Wanted,
  have: ProxyState | undefined,
  facts: Facts,
): readonly Step[] {
  const { root } = facts;
  const right = have?.containers.find((c) => c.spec === wanted.containerSpec && !isLeaving(c));
  const others = (have?.containers ?? []).filter((c) => c !== right);
  const cleared = others.filter((c) => !c.running).map((c) => removeContainer(c.id));
  const isInTheWay = ({ name }: ProxyContainer): boolean => name === wanted.container;
  const toLeave = others.filter(isToLeave);
  const leaving = [
    ...toLeave.filter((c) => !isInTheWay(c)).flatMap((c) => letGo(want, c)),
    ...toLeave.flatMap(hasLeft),
  ];
  const ready: TalkStep = isReady(wanted, root);
  const cutShort = toLeave.filter(isInTheWay).flatMap((c) => letGo(want, c));
  const ground = [...cleared, ...cutShort, ...folders(root)];
  if (right?.running === true)
    return [
      ...cleared,
      ...put(wanted, have, root),
      // Nobody is let go before it answers, and it is told nothing while another may hear it instead.
      ...(have?.runtime === undefined ? awake(right, ready) : toLeave.length > 0 ? [ready] : []),
      ...leaving,
      ...moved(wanted, have, root),
    ];
  if (right !== undefined)
    return [
      ...ground,
      ...put(wanted, have, root),
      startContainer(right.id),
      updateContainer(right.id, { RestartPolicy: { Name: "unless-stopped" } }),
      { ...ready, container: right.id },
      ...leaving,
    ];
  const isThere = (have?.images ?? []).includes(familiarName(want.reference));
  const made = { bound: "proxy" };
  const forget: Step = { do: "remove", path: formerFolder(root) };
  return [
    ...ground,
    ...(isThere ? [] : [pull(want)]),
    ...checked(want, wanted, root),
    ...intoPlace(root),
    createContainer(wanted.container, bodyOf(want, wanted, root), made.bound),
    {
      do: "attempt",
      steps: [
        { ...startContainer(made), blame: "machine" },
        { ...ready, container: made },
      ],
      otherwise: [stopContainer(made, 1), removeContainer(made), backAgain(root), forget],
    },
    forget,
    ...leaving,
  ];
}

const pull = ({ reference, login }: ProxySpec): Step => ({
  do: "pull",
  image: reference,
  timeoutMs: pullMs,
  ...optional("login", login),
});

/** It may just be starting again. */
const awake = ({ id }: ProxyContainer, ready: TalkStep): readonly Step[] => [
  {
    do: "attempt",
    steps: [{ ...ready, timeoutMs: patienceMs }],
    otherwise: [post(["containers", id, "restart"], { query: { t: "1" } }), ready],
  },
];

const folders = (root: string): readonly Step[] => [
  {
    do: "run",
    argv: [
      "mkdir",
      "-p",
      "-m",
      "0700",
      "--",
      proxyFolder(root),
      ...["run", "certs"].map((name) => `${proxyFolder(root)}/${name}`),
    ],
    timeoutMs: talkMs,
  },
];

export const removalSteps = (have: ProxyState, root: string): readonly Step[] => [
  ...have.containers.flatMap((c) => [
    ...(c.running ? [stopContainer(c.id, leaveSeconds)] : []),
    removeContainer(c.id),
  ]),
  { do: "remove", path: proxyFolder(root) },
];

const put = (wanted: Wanted, have: ProxyState | undefined, root: string): readonly Step[] =>
  [...wanted.files]
    .filter(([name]) => wanted.changed.includes(name) || have === undefined)
    .map(([name, text]) => ({
      do: "put",
      path: `${proxyFolder(root)}/${name}`,
      content: { text },
      mode: "0600",
    }));

function moved(wanted: Wanted, have: ProxyState | undefined, root: string): readonly Step[] {
  const runtime = have?.runtime;
  return [
    ...newHosts(wanted, runtime).map((host) => listStep(root, host)),
    ...chunked(runtimeCommands(wanted, runtime)).map((text) => ({
      do: "talk" as const,
      socket: proxySocket(proxyFolder(root)),
      text: `${text}\n`,
      timeoutMs: talkMs,
    })),
  ];
}

function chunked(commands: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const command of commands) {
    const last = lines.at(-1);
    if (last === undefined || last.length + command.length > lineLength) lines.push(command);
    else lines[lines.length - 1] = `${last};${command}`;
  }
  return lines;
}

/** It says by which configuration it was started. */
const isReady = ({ containerSpec }: Wanted, root: string): TalkStep => ({
  do: "talk",
  socket: proxySocket(proxyFolder(root)),
  text: `show env ${specVariable}\n`,
  until: containerSpec,
  timeoutMs: startMs,
});

/** HAProxy itself says whether it can run with it, before what runs has it. */
function checked(want: ProxySpec, wanted: Wanted, root: string): readonly Step[] {
  const folder = checkFolder(root);
  const entries: readonly PutEntry[] = [...wanted.files].map(([path, text]) => ({
    path,
    content: { text },
    mode: "0600",
  }));
  const made = { bound: "check" };
  const body = {
    Image: want.reference,
    Cmd: haproxy("-c"),
    User: "0:0",
    Labels: { [label.fleet]: want.fleet, [label.proxy]: "check" },
    HostConfig: {
      NetworkMode: "host",
      Mounts: [
        { Type: "bind", Source: folder, Target: insideProxy.etc, ReadOnly: true },
        {
          Type: "bind",
          Source: `${proxyFolder(root)}/certs`,
          Target: `${insideProxy.etc}/certs`,
          ReadOnly: true,
        },
      ],
    },
  };
  return [
    { do: "put", path: folder, entries, mode: "0700" },
    { do: "run", argv: ["mkdir", "-m", "0700", "--", `${folder}/certs`], timeoutMs: talkMs },
    createContainer(`${wanted.container}-check`, body, made.bound),
    {
      do: "attempt",
      steps: [
        { ...startContainer(made), blame: "machine" },
        { do: "finish", container: made, deadlineMs: startMs, blame: "machine" },
      ],
      otherwise: [removeContainer(made), { do: "remove", path: folder }],
    },
    removeContainer(made),
  ];
}

const checkFolder = (root: string): string => `${proxyFolder(root)}.check`;

const formerFolder = (root: string): string => `${proxyFolder(root)}.former`;

/** What was found good, file by file; what was there is kept until it has proven itself. */
const intoPlace = (root: string): readonly Step[] => [
  moveFiles(proxyFolder(root), formerFolder(root), "cp -p"),
  moveFiles(checkFolder(root), proxyFolder(root), "mv -f"),
  { do: "remove", path: checkFolder(root) },
];

/** One that serves is started again by what it was started by: what it cannot bind would keep it from that. */
const backAgain = (root: string): Step => moveFiles(formerFolder(root), proxyFolder(root), "mv -f");

const moveFiles = (from: string, to: string, by: string): Step => ({
  do: "run",
  argv: ["sh", "-c", moveScript, "sh", from, to, ...by.split(" ")],
  timeoutMs: talkMs,
});

const moveScript = `
set -eu
from=$1 to=$2
shift 2
mkdir -p -m 0700 -- "$to"
for file in "$from"/*; do
  [ ! -f "$file" ] || "$@" -- "$file" "$to/"
done
`;

/** Where the kernel has no IPv6 there is nothing of it to bind. */
const haproxy = (...flags: readonly string[]): readonly string[] => [
  "sh",
  "-c",
  '[ -e /proc/net/if_inet6 ] || export SLIPWAY_NO_IPV6=1; exec haproxy "$@"',
  "sh",
  ...flags,
  "-f",
  `${insideProxy.etc}/haproxy.cfg`,
];

const bodyOf = (want: ProxySpec, { containerSpec }: Wanted, root: string) => ({
  Image: want.reference,
  // `-x` takes the listeners over from a former container, where there is one.
  Cmd: haproxy("-W", "-db", "-x", `${insideProxy.run}/admin.sock`),
  User: "0:0",
  StopSignal: "SIGUSR1",
  Env: [`${specVariable}=${containerSpec}`],
  Labels: {
    [label.fleet]: want.fleet,
    [label.proxy]: "serving",
    [label.spec]: containerSpec,
    [label.image]: want.image,
  },
  HostConfig: {
    NetworkMode: "host",
    RestartPolicy: { Name: "unless-stopped" },
    LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
    Mounts: [
      { Type: "bind", Source: proxyFolder(root), Target: insideProxy.etc, ReadOnly: true },
      { Type: "bind", Source: `${proxyFolder(root)}/run`, Target: insideProxy.run },
    ],
  },
});
