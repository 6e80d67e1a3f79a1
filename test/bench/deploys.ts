import { bootFleet, type Fleet } from "../fleet/fleet.ts";
import { openController } from "../support/controller.ts";
import { startLoad } from "../support/load/load.ts";
import { siteOn } from "../support/site.ts";
import { median, say, timed, type Row } from "./row.ts";
import { appFile, host, settings } from "./switch-slipway.ts";
import { rowsOf, stopsOn } from "./switches.ts";

const deploys = Number(process.env["BENCH_DEPLOYS"] ?? 100);
const reverts = Math.ceil(deploys / 5);

/** Each deploy waits for those under way, on both machines. */
const slowAnswers = { streamMs: 50, streamChunks: 20 };
/** A second each would make an hour of it. */
const quick = { watch: "500ms", drain: "1500ms" };

/** What clients of an app on two machines lose while it is deployed again and again, and the last deploys are reverted. */
export async function benchDeploys(): Promise<readonly Row[]> {
  say("booting two machines");
  const fleet = await bootFleet({ machines: ["web-1", "web-2"], git: false });
  try {
    return await measure(fleet);
  } finally {
    await fleet.down();
  }
}

async function measure(fleet: Fleet): Promise<readonly Row[]> {
  const names = Object.keys(fleet.machines);
  const pushed = await fleet.images?.push("shop", "1", { env: { START_MS: "500" } });
  const site = await siteOn(fleet, names);
  const controller = await openController(site.options);
  try {
    const pass = async (): Promise<number> => {
      const { ms, result } = await timed(async () => await controller.reconcile());
      if (result.outcome !== "applied") throw new Error(`${result.outcome}: ${result.text}`);
      return ms;
    };
    // Each is another container: none is found again that was kept.
    const commit = async (round: number): Promise<string> =>
      await site.commit(`Shop ${round}`, {
        "apps/shop.yaml": `${appFile(pushed?.reference ?? "", quick)}env: { ROUND: ${round} }\n`,
      });
    await site.commit("A proxy", { "slipway.yaml": await settings(fleet) });
    await commit(0);
    await pass();
    const load = await startLoad(
      names.map((name) => ({ url: `http://${host}`, address: fleet.machine(name).address })),
      slowAnswers,
    );
    const stops: number[] = [];
    const noting = async (): Promise<number> => {
      const from = Date.now();
      const ms = await pass();
      for (const name of names) stops.push(...(await stopsOn(fleet.machine(name), from)));
      return ms;
    };
    const commits: string[] = [];
    const deployed: number[] = [];
    for (let round = 1; round <= deploys; round++) {
      commits.push(await commit(round));
      deployed.push(await noting());
      if (round % 10 === 0)
        say(`  ${round} deploys: ${JSON.stringify((await load.look()).failures)}`);
    }
    const reverted: number[] = [];
    for (const last of commits.toReversed().slice(0, reverts)) {
      await site.infra.revert(last);
      reverted.push(await noting());
    }
    const report = await load.stop();
    const times = `${deploys} deploys and ${reverts} reverts on two machines`;
    return [
      ...rowsOf({ what: "Slipway", goal: 0 }, report, stops, times),
      row("a deploy on two machines, one after the other", deployed),
      row("its revert", reverted),
    ];
  } finally {
    await controller.close();
    await site.close();
  }
}

const row = (what: string, all: readonly number[]): Row => ({
  what,
  value: Math.round(median(all)),
  unit: "ms",
  note: `${all.length} of them`,
});
