import { randomBytes } from "node:crypto";
import { until } from "../test/fleet/wait.ts";
import { openStage, type Daemon, type Stage } from "../test/support/stage.ts";
import { ask, shopHost } from "./ask.ts";
import { underLoad } from "./clients.ts";
import { exampleFiles } from "./example.ts";
import { keyFile, running } from "./password.ts";
import { say, tell } from "./say.ts";

const keep = process.argv.includes("--keep");
const timings: [string, number][] = [];

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  timings.push([what, performance.now() - startedMs]);
  return result;
}

const webs = ["web-1", "web-2"] as const;

async function answers(stage: Stage, version: string): Promise<void> {
  for (const machine of webs) {
    const { address } = stage.fleet.machine(machine);
    const text = await until(`${machine} answers with ${version}`, async () => {
      const said = await ask(address);
      return said.includes(version) ? said : undefined;
    });
    tell(`http://${shopHost}/ by the proxy of ${machine} says: ${text}`);
  }
}

async function ledger(stage: Stage, commit: string): Promise<void> {
  const note = await stage.note(commit);
  tell(
    `the ledger says of ${commit.slice(0, 8)}: ${String(note?.["outcome"])}: ${String(note?.["text"])}`,
  );
  for (const app of (note?.["apps"] ?? []) as {
    evidence?: { probe?: string; logTail?: string[] }[];
  }[]) {
    for (const seen of app.evidence ?? []) {
      tell(
        `  evidence: last probe ${seen.probe ?? "none"}; last log line: ${seen.logTail?.at(-1) ?? "none"}`,
      );
    }
  }
}

/** Who has the new password, and whether anything told it. */
async function aftermath(
  stage: Stage,
  before: ReadonlyMap<string, string>,
  password: string,
  told: readonly string[],
): Promise<void> {
  const apps = [...(await running(stage))].map(
    ([app, ids]) => `${app} ${before.get(app) === ids ? "was left alone" : "rolled"}`,
  );
  tell(apps.toSorted().join(", "));
  for (const machine of webs) {
    const url = await ask(stage.fleet.machine(machine).address, "/env");
    tell(`the shop on ${machine} connects with the ${url.includes(password) ? "new" : "OLD"} one`);
  }
  const isTold = told.some((text) => text.includes(password));
  tell(`plan and log tell ${isTold ? "THE PASSWORD" : "its name, and nothing of its value"}`);
}

/** A command as somebody types it, and what it says. */
async function typed(
  stage: Stage,
  argv: readonly string[],
  options: Parameters<Stage["slipway"]>[1] = {},
): Promise<string> {
  tell(`$ slipway ${argv.join(" ")}`);
  const { stdout, stderr } = await stage.slipway(argv, options);
  process.stdout.write((stdout + stderr).trimEnd().replace(/^/gm, "  ") + "\n");
  return stdout + stderr;
}

async function show(stage: Stage): Promise<Daemon> {
  const { fleet } = stage;
  const { images, registry } = fleet;
  if (images === undefined || registry === undefined)
    throw new Error("the demo needs the fleet's registry");
  await images.push("shop", "1.0");
  await images.push("shop", "1.1");
  await images.push("shop", "2.0", { env: { FAIL: "health" } });
  await images.push("db", "1.0");
  await images.push("cache", "1.0");
  const env = { SLIPWAY_AGE_KEY: await keyFile(stage) };

  say("An infra repo: example-repo/, pushed to a git server");
  const { reference: proxyImage } = await images.pushProxy();
  const files = await exampleFiles(fleet, registry.address, proxyImage);
  tell(Object.keys(files).join("  "));
  const first = await stage.commit("Two web machines, one database, one shop", files);

  say("slipway run: the daemon sees the commit and deploys it on three machines");
  const daemon = await stage.daemon({ env, onLine: (line) => tell(line) });
  await timed("first deploy, three bare machines", () => stage.outcome(first, "applied"));
  await answers(stage, "1.0");
  await ledger(stage, first);

  const app = files["apps/shop/app.yaml"] ?? "";
  const addresses = webs.map((name) => fleet.machine(name).address);
  say("A merge: shop 1.1 replaces 1.0, machine by machine, while clients ask without a pause");
  const second = await stage.commit("Shop 1.1", {
    "apps/shop/app.yaml": app.replace("shop:1.0", "shop:1.1"),
  });
  await underLoad(addresses, "while it was replaced", () =>
    timed("merge to live and proven on two machines", () => stage.outcome(second, "applied")),
  );
  await answers(stage, "1.1");

  say("A broken version is merged: 2.0 never becomes healthy");
  const third = await stage.commit("Shop 2.0", {
    "apps/shop/app.yaml": app.replace("shop:1.0", "shop:2.0"),
  });
  await underLoad(addresses, "while it was tried and taken back", () =>
    timed("broken merge to 'reverted'", () => stage.outcome(third, "reverted")),
  );
  await answers(stage, "1.1");
  await ledger(stage, third);

  say("git revert: the former state, without a pull or a build");
  const fourth = await stage.revert(third);
  await timed("git revert to proven", () => stage.outcome(fourth, "applied"));
  const fifth = await stage.revert(second);
  await timed("git revert to 1.0, proven on two machines", () => stage.outcome(fifth, "applied"));
  await answers(stage, "1.0");

  say("Another database password: encrypted in git, and only what has it rolls");
  const password = randomBytes(16).toString("hex");
  const there = { env: { ...env, SLIPWAY_REPO: stage.clone } };
  const set = await typed(stage, ["secrets", "set", "db.DB_PASSWORD"], {
    ...there,
    input: password,
  });
  const plan = await typed(stage, ["plan", "--working-tree"], there);
  const before = await running(stage);
  const sixth = await stage.commit("Another database password", {});
  await timed("another password, proven on three machines", () => stage.outcome(sixth, "applied"));
  await aftermath(stage, before, password, [set, plan, ...daemon.lines]);

  say("Somebody removes a container by hand");
  const web = fleet.machine("web-1");
  const id = (await web.docker(["ps", "-q", "--filter", "label=slipway.app=shop"])).trim();
  await web.docker(["rm", "-f", id]);
  tell(`web-1$ docker rm -f ${id}`);
  await timed("drift to healed", () =>
    until(
      "web-1 is healed",
      async () => {
        const now = (await web.docker(["ps", "-q", "--filter", "label=slipway.app=shop"])).trim();
        return now !== "" && (await ask(web.address)).includes("1.0") ? true : undefined;
      },
      30_000,
    ),
  );
  await answers(stage, "1.0");

  say("git log --notes=slipway: the deployment history");
  await typed(stage, ["history"]);
  return daemon;
}

async function main(): Promise<number> {
  const startedMs = performance.now();
  say("Three machines boot on this host: their own roots, networks, sshd, Docker Engine");
  const stage = await timed("three machines, a registry and a git server up", () =>
    openStage({ machines: ["web-1", "web-2", "db-1"] }),
  );
  try {
    for (const [name, machine] of Object.entries(stage.fleet.machines)) {
      tell(`${name}: ${machine.address}, private ${machine.privateAddress}`);
    }
    const daemon = await show(stage);
    say("Timings");
    for (const [what, ms] of timings) tell(`${(ms / 1000).toFixed(1).padStart(6)} s  ${what}`);
    if (keep) await play(stage);
    await daemon.stop();
  } finally {
    await stage.close();
  }
  say(`All down again, after ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  return 0;
}

/** Leaves everything up until somebody has had enough. */
async function play(stage: Stage): Promise<void> {
  say("Everything stays up: edit, commit and push in the clone, and watch. Ctrl-C takes it down.");
  tell(`clone:  ${stage.clone}`);
  tell(`ssh:    ssh -i ${stage.fleet.sshKeyFile} root@${stage.fleet.machine("web-1").address}`);
  tell(
    `status: SLIPWAY_REPO=${stage.clone} SLIPWAY_SSH_KEY=${stage.fleet.sshKeyFile} bin/slipway status`,
  );
  tell(`secrets are opened by SLIPWAY_AGE_KEY=${await keyFile(stage)}`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}

process.exitCode = await main();
