import { isLoopback, isPrivateAddress, privateAddressOf } from "../lib/ip.ts";
import { parsePublish } from "../lib/publish.ts";
import type { AppDocument, Documents, MachineDocument } from "../model/documents.ts";
import type { Reach } from "../report/plan-text.ts";

/** Who can reach what once these apps run: by published port and machine, the public ones first. */
export function reachOf(apps: readonly AppDocument[], documents: Documents): readonly Reach[] {
  const all = apps.flatMap((app) =>
    app.machines.flatMap((name) => {
      const machine = documents.machines.get(name);
      return machine === undefined ? [] : reachOn(app, machine);
    }),
  );
  return [...all.filter((one) => one.isPublic), ...all.filter((one) => !one.isPublic)];
}

function reachOn(app: AppDocument, machine: MachineDocument): readonly Reach[] {
  const fields = app.perMachine.get(machine.name) ?? app.fields;
  if ((fields.instances ?? 1) === 0 || fields.state === "stopped") return [];
  if (fields.network === "host") {
    const where = `${machine.name} (all addresses)`;
    return [
      {
        what: `${app.name} (the machine's own network)`,
        who: "anyone who reaches the machine",
        where,
        isPublic: true,
      },
    ];
  }
  return (fields.publish ?? []).map((text): Reach => {
    const { scope, host, protocol } = parsePublish(text);
    const ports = host[0] === host[1] ? `${host[0]}` : `${host[0]}-${host[1]}`;
    const what = `${app.name}:${ports}${protocol === "udp" ? "/udp" : ""}`;
    return { what, ...byScope(scope, machine) };
  });
}

function byScope(
  scope: ReturnType<typeof parsePublish>["scope"],
  machine: MachineDocument,
): Omit<Reach, "what"> {
  const at = (address: string): string => `${machine.name} (${address})`;
  if (scope === "public") return { who: "anyone", where: at("all addresses"), isPublic: true };
  if (scope === "local")
    return { who: "the machine itself", where: at("127.0.0.1"), isPublic: false };
  if (scope !== "private") {
    const { ip } = scope;
    const isPublic = !isPrivateAddress(ip) && !isLoopback(ip);
    return { who: `whoever reaches ${ip}`, where: at(ip), isPublic };
  }
  const address = privateAddressOf(machine.fields);
  return address === undefined
    ? {
        who: "the machine itself and its containers",
        where: at("no private address"),
        isPublic: false,
      }
    : { who: "the private network", where: at(address), isPublic: false };
}
