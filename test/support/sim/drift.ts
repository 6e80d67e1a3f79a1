import type { Stage } from "./stage.ts";
import type { SimMachine } from "./machine.ts";
import type { Act, ProxyDrift } from "./scenario.ts";
import { changeKernel } from "./settings.ts";
import { labelOf } from "./watchman.ts";

type How = Extract<Act, { do: "drift" }>["how"];

const root = "/var/lib/slipway/acme";

/** Somebody works on a machine by hand. */
export function driftByHand(stage: Stage, how: How, which: number): void {
  for (const watchman of stage.watchmen.values()) watchman.serving = new Set();
  const machines = [...stage.machines.values()];
  const machine = machines[which % machines.length];
  const ours = machines.flatMap((m) =>
    m.engine.containers
      .filter(
        (c) => labelOf(c, "slipway.fleet") === "acme" && labelOf(c, "slipway.instance") !== "",
      )
      .map((container) => ({ m, container })),
  );
  const chosen = ours[which % Math.max(1, ours.length)];
  if (how === "names") {
    stage.tell(`— by hand: ${machine?.name} loses its names`);
    if (machine?.disk.exists(`${root}/hosts`)) machine.disk.write(`${root}/hosts`, "wrong\n");
    return;
  }
  if (how === "setting") {
    stage.tell(`— by hand: ${machine?.name} has another setting of its kernel`);
    if (machine !== undefined) changeKernel(machine.disk);
    return;
  }
  if (how === "file") {
    const all = machine?.disk.below(`${root}/files`) ?? [];
    const shipped = all.filter((path) => machine?.disk.nodes.get(path)?.type === "file");
    const file = shipped[which % Math.max(1, shipped.length)];
    stage.tell(`— by hand: ${machine?.name} has ${file ?? "nothing"} edited`);
    if (file !== undefined) machine?.disk.write(file, "edited");
    return;
  }
  if (how === "proxy" || how === "proxy-file" || how === "proxy-server") {
    if (machine !== undefined) driftOfProxy(stage, machine, how, which);
    return;
  }
  if (chosen === undefined) return;
  const { m, container } = chosen;
  // Who renames what was kept or has failed makes something else of it.
  if (how === "rename" && !/-[0-9a-f]{8}$/.test(container.name)) return;
  stage.tell(`— by hand: ${m.name} ${how} ${container.name}`);
  const at = ["containers", container.id];
  if (how === "stop") m.engine.call("POST", [...at, "stop"], {}, undefined);
  if (how === "remove") m.engine.call("DELETE", at, { force: "true" }, undefined);
  if (how === "rename")
    m.engine.call("POST", [...at, "rename"], { name: `mine-${which}` }, undefined);
}

function driftOfProxy(stage: Stage, machine: SimMachine, how: ProxyDrift, which: number): void {
  const { engine, disk, name } = machine;
  stage.tell(`— by hand: ${name} has its ${how} changed`);
  if (how === "proxy-file") {
    const files = disk.below(`${root}/proxy`).filter((path) => disk.read(path) !== undefined);
    const file = files[which % Math.max(1, files.length)];
    if (file !== undefined) disk.write(file, "edited");
  } else if (how === "proxy-server") {
    const proxy = engine.proxyAt(`${root}/proxy/run/admin.sock`);
    const server = proxy?.servers.filter((s) => !s.isAside)[which];
    if (server !== undefined) proxy?.say(`set server ${server.backend}/${server.slot} state maint`);
  } else {
    for (const container of engine.containers)
      if (labelOf(container, "slipway.proxy") !== "")
        engine.call("POST", ["containers", container.id, "stop"], {}, undefined);
  }
}
