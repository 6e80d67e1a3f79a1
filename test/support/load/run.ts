/** The process of its own in which the clients are, told what to do by the one that started it. */
import { startCrew, type Clients } from "./crew.ts";
import type { LoadReport, Target } from "./types.ts";

export interface Task {
  readonly targets: readonly Target[];
  readonly clients: Clients;
}

export type Order = "look" | "stop";

export interface Reply {
  readonly to: Order | "start";
  readonly report: LoadReport;
}

const { targets, clients } = JSON.parse(process.argv[2] ?? "") as Task;
const crew = startCrew(targets, clients);

const reply = (to: Reply["to"], report: LoadReport): void =>
  void process.send?.({ to, report } satisfies Reply);

async function obey(order: Order): Promise<void> {
  if (order === "look") return reply("look", crew.look());
  reply("stop", await crew.stop());
  process.disconnect();
}

process.on("message", (order: Order) => void obey(order));
// Whoever started this has gone, or has heard all.
process.once("disconnect", () => process.exit());
reply("start", crew.look());
