import { createServer, request, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { close } from "./listen.ts";
import type { BareSort, Fleet, MachineFaults, Side } from "./types.ts";

/** What a fleet that outlives the command that booted it tells about itself. */
export type FleetInfo = {
  prefix: string;
  dir: string;
  hostAddress: string;
  sshKeyFile: string;
  knownHostsFile: string;
  registry?: string;
  git?: { url: string; user: string; token: string };
  machines: {
    name: string;
    address: string;
    privateAddress: string;
    hostKey: string;
    bare?: BareSort;
    pid?: number;
  }[];
};

export type Order =
  | { do: "fault"; machine: string; kind: string; argument?: string }
  | { do: "push"; name: string; tag: string }
  | { do: "repo"; name: string }
  | { do: "down" };

const side = (text?: string): Side | undefined =>
  text === "public" || text === "private" ? text : undefined;

const faults: Readonly<Record<string, (on: MachineFaults, argument?: string) => Promise<void>>> = {
  kill: (on) => on.kill(),
  start: (on) => on.start(),
  cut: (on, which) => on.cut(side(which)),
  mend: (on, which) => on.mend(side(which)),
  "drop-input": (on, port) => on.dropInput(Number(port)),
  "accept-input": (on) => on.acceptInput(),
  "stop-sshd": (on) => on.stopSshd(),
  "start-sshd": (on) => on.startSshd(),
  "stop-dockerd": (on) => on.stopDockerd(),
  "start-dockerd": (on) => on.startDockerd(),
  "freeze-dockerd": (on) => on.freezeDockerd(),
  "thaw-dockerd": (on) => on.thawDockerd(),
  "fill-disk": (on) => on.fillDisk(),
  "free-disk": (on) => on.freeDisk(),
};

export const faultNames = Object.keys(faults);

export const controlSocket = (dir: string): string => join(dir, "control.sock");

export function describe(fleet: Fleet): FleetInfo {
  const { prefix, dir, hostAddress, sshKeyFile, knownHostsFile, registry, git } = fleet;
  const machines = Object.values(fleet.machines).map((one) => {
    const { name, address, privateAddress, hostKey, bare } = one;
    const pid = one.pid();
    return {
      name,
      address,
      privateAddress,
      hostKey,
      ...(bare === undefined ? {} : { bare }),
      ...(pid === undefined ? {} : { pid }),
    };
  });
  return {
    prefix,
    dir,
    hostAddress,
    sshKeyFile,
    knownHostsFile,
    machines,
    ...(registry === undefined ? {} : { registry: registry.address }),
    ...(git === undefined ? {} : { git: { url: git.url, user: git.user, token: git.token } }),
  };
}

/** Takes orders for a fleet until it is told to take it down. */
export async function obey(fleet: Fleet): Promise<void> {
  const over = Promise.withResolvers<void>();
  const server = createServer((incoming, answer) => {
    void (async () => {
      const order = incoming.method === "GET" ? undefined : await readOrder(incoming);
      if (order?.do === "down") answer.once("close", over.resolve);
      return order === undefined ? describe(fleet) : carryOut(fleet, order);
    })().then(
      (value) => answer.end(JSON.stringify({ value })),
      (error: unknown) => answer.writeHead(500).end(JSON.stringify({ error: String(error) })),
    );
  });
  server.listen(controlSocket(fleet.dir));
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
    process.once(signal, () => void fleet.down().finally(over.resolve));
  }
  await over.promise;
  await close(server);
}

async function readOrder(incoming: IncomingMessage): Promise<Order> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Order;
}

async function carryOut(fleet: Fleet, order: Order): Promise<unknown> {
  if (order.do === "down") return fleet.down();
  if (order.do === "push") return fleet.images?.push(order.name, order.tag);
  if (order.do === "repo") {
    await fleet.git?.createRepo(order.name);
    return fleet.git?.loginUrl(order.name);
  }
  const fault = faults[order.kind];
  if (fault === undefined) throw new Error(`no such fault; there are ${faultNames.join(", ")}`);
  return fault(fleet.machine(order.machine).faults, order.argument);
}

/** Asks the process that holds a fleet; without an order, for what the fleet is. */
export function askHolder(dir: string, order?: Order): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const method = order === undefined ? "GET" : "POST";
    const asked = request({ socketPath: controlSocket(dir), path: "/", method }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.once("end", () => {
        const { value, error } = JSON.parse(text) as { value?: unknown; error?: string };
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      });
    });
    asked.once("error", reject);
    asked.end(order === undefined ? undefined : JSON.stringify(order));
  });
}

export const infoOf = async (dir: string): Promise<FleetInfo> =>
  (await askHolder(dir)) as FleetInfo;
