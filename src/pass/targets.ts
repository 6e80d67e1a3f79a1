import { defaultSocket } from "../desired/settings.ts";
import type { Documents, MachineDocument } from "../model/documents.ts";
import type { Target } from "../remote/session.ts";

/** Where each machine of a revision is reached. Jump hosts are machines too; cycles are findings of the load stage. */
export function targetsOf(documents: Documents): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  const target = (document: MachineDocument): Target => {
    const { address, ssh, hostKey, machineId, engine } = document.fields;
    const jump = ssh?.jump === undefined ? undefined : documents.machines.get(ssh.jump);
    return {
      machine: document.name,
      address: address ?? "",
      port: ssh?.port ?? 22,
      user: ssh?.user ?? "root",
      engineSocket: engine?.socket ?? defaultSocket,
      ...(hostKey === undefined ? {} : { hostKey }),
      ...(machineId === undefined ? {} : { machineId }),
      ...(jump === undefined ? {} : { jump: target(jump) }),
    };
  };
  for (const document of documents.machines.values()) targets.set(document.name, target(document));
  return targets;
}
