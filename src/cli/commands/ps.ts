import type { StatusDocument } from "../../model/status.ts";
import { jsonText } from "../../report/json.ts";
import { psText } from "../../report/status-text.ts";
import type { Run } from "../command.ts";
import { chooseApp, findContainers } from "../containers.ts";
import { exit } from "../exit.ts";
import { whileSaying } from "../progress.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context, given) => {
  const { io, options } = context;
  const { world, close } = await openWorld(context, { unpushed: "ignore", secrets: "closed" });
  try {
    const found = await whileSaying(context, "asking the machines", () => findContainers(world));
    const { documents, machines } = found;
    const [name] = given.args;
    const apps = name === undefined ? found.apps : chooseApp(found.apps, documents, name);
    const silent = machines.filter((m) => m.why !== undefined);
    for (const { name: machine, why } of silent)
      io.err.write(`slipway: warning: ${machine}: ${why ?? ""}\n`);
    const document: StatusDocument = { version: 1, fleet: documents.fleet, machines, apps };
    const columns = io.out.isTerminal ? { columns: io.out.columns } : {};
    const view = { now: world.clock.now(), colour: options.color.out, ...columns };
    io.out.write(options.json ? jsonText(document) : psText(apps, view));
    return silent.length > 0 ? exit.trouble : exit.done;
  } finally {
    await close();
  }
};
