import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { FleetMachine } from "../fleet/fleet.ts";
import { baseLayer } from "../fleet/layers.ts";
import { programLayer } from "../fleet/programs.ts";
import { must } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";
import { sealing, type Sealing } from "../support/sealed.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { settingsFile } from "../support/infra.ts";

const top = fileURLToPath(new URL("../../", import.meta.url));

describe("the image", { timeout: 600_000 }, () => {
  let stage: Stage;
  let web: FleetMachine;
  let scratch: string;
  let key: Sealing;
  /** `docker run` on web-1 with the repo, its token and the keys, as in the Dockerfile's own words. */
  const slipway = (...argv: string[]): ReturnType<FleetMachine["exec"]> =>
    docker(["run", "--rm"], argv);
  const docker = (
    flags: readonly string[],
    argv: readonly string[],
  ): ReturnType<FleetMachine["exec"]> => {
    const given = ["-e", `SLIPWAY_REPO=${stage.repoUrl}`, "-e", "SLIPWAY_REPO_TOKEN"];
    const sshKey = ["-v", "/etc/slipway-key:/key:ro", "-e", "SLIPWAY_SSH_KEY=/key"];
    const ageKey = ["-v", "/etc/slipway-agekey:/agekey:ro", "-e", "SLIPWAY_AGE_KEY=/agekey"];
    const token = `SLIPWAY_REPO_TOKEN=${stage.fleet.git!.token}`;
    const place = ["--network", "host", "-v", "slipway:/state"];
    return web.exec([
      "env",
      token,
      "docker",
      ...flags,
      ...place,
      ...given,
      ...sshKey,
      ...ageKey,
      "slipway",
      ...argv,
    ]);
  };

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), "slipway-image-"));
    [stage, key] = await Promise.all([openStage({ machines: ["web-1"] }), sealing()]);
    web = stage.fleet.machine("web-1");
    await web.docker(["import", "-", "base:node"], { input: await rootWithNode(scratch) });
    const folder = join(scratch, "context");
    await must([join(top, "tools/image-context.sh"), folder], { env: process.env });
    const build = [
      "build",
      "-q",
      "--network=none",
      "--build-arg",
      "BASE=base:node",
      "-t",
      "slipway",
    ];
    await web.docker([...build, "-"], { input: await tarOf(folder, scratch) });
    const keep = 'umask 077; cat >"$1" && chown 65532:65532 "$1"';
    for (const [file, input] of [
      ["/etc/slipway-key", await readFile(stage.fleet.sshKeyFile)],
      ["/etc/slipway-agekey", key.identity],
    ] as const)
      assert.equal((await web.exec(["sh", "-c", keep, "sh", file], { input })).code, 0);
  });
  after(async () => {
    await stage.close();
    await rm(scratch, { recursive: true, force: true });
  });

  it("runs the command without root, and owns its state", async () => {
    const help = await slipway("--help");
    assert.equal(help.code, 0, help.stderr);
    assert.match(help.stdout, /^Usage: slipway/);
    const look = ["run", "--rm", "--entrypoint", "sh", "slipway", "-c"];
    const seen = await web.docker([...look, "id -u; stat -c %u:%g:%a /state; touch /state/mine"]);
    assert.equal(seen.trim(), "65532\n65532:65532:755");
    assert.equal((await web.exec(["docker", ...look, "touch /opt/slipway/mine"])).code, 1);
  });

  it("is no larger than its base, its libraries and little more", async () => {
    const size = async (name: string): Promise<number> =>
      Number(await web.docker(["image", "inspect", "-f", "{{.Size}}", name]));
    const added = (await size("slipway")) - (await size("base:node"));
    assert(added < 40e6, `${Math.round(added / 1e6)} MB`);
  });

  it("fetches and checks the repo", async () => {
    const { reference } = await stage.fleet.images!.push("hello", "v1");
    await stage.commit("hello", {
      "slipway.yaml": settingsFile("acme"),
      "machines/web-1.yaml": stage.machineFile("web-1"),
      "apps/hello.yaml": `image: ${reference}\nmachines: web-1\nport: 8080\npublish: ["8080:8080"]\nsecrets: [GREETING]\n`,
      "secrets/hello.yaml": await key.file({ GREETING: "hello from a secret" }),
    });
    const { code, stdout, stderr } = await slipway("validate", "--revision", "main");
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "no findings\n", stderr: "" });
  });

  it("brings a commit to a machine, with its secret", async () => {
    const { code, stdout, stderr } = await slipway("reconcile");
    assert.equal(code, 0, stdout + stderr);
    const page = await until("the app", async () =>
      (await fetch(`http://${web.privateAddress}:8080/`)).text(),
    );
    assert.match(page, /^version=v1\n(.*\n)?greeting=hello from a secret$/m);
  });

  it("has nothing more to do in a container that knows nothing of the first", async () => {
    await web.docker(["volume", "rm", "slipway"]);
    const { code, stdout, stderr } = await slipway("plan", "--exit-code");
    assert.equal(code, 0, stdout + stderr);
  });

  it("follows the branch as a daemon, and ends when it is told to", async () => {
    const started = await docker(["run", "-d", "--name", "controller"], []);
    assert.equal(started.code, 0, started.stderr);
    const told = (): ReturnType<FleetMachine["exec"]> => web.exec(["docker", "logs", "controller"]);
    await until(
      "the daemon",
      async () => /following main/.test((await told()).stderr) || undefined,
    );
    await web.docker(["stop", "-t", "60", "controller"]);
    const code = await web.docker(["inspect", "-f", "{{.State.ExitCode}}", "controller"]);
    assert.equal(code.trim(), "0", (await told()).stderr);
  });
});

/** A root file system of busybox and Node.js with its libraries, as a tar: a base that no hub has to give. */
async function rootWithNode(scratch: string): Promise<Buffer> {
  const root = join(scratch, "root");
  await mkdir(root);
  for (const { file } of [await baseLayer(), await programLayer(process.execPath)])
    await must(["tar", "-C", root, "-xzf", file]);
  return await tarOf(root, scratch);
}

async function tarOf(folder: string, scratch: string): Promise<Buffer> {
  const file = join(scratch, "content.tar");
  await must(["tar", "-C", folder, "-cf", file, "."]);
  return await readFile(file);
}
