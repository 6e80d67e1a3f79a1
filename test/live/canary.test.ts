import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { FleetMachine, Registry } from "../fleet/fleet.ts";
import { must } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";
import { searchFolder, searchRepo, searchText } from "../support/canary/controller.ts";
import {
  searchEngine,
  searchFiles,
  watchProcesses,
  type Hit,
  type Watcher,
} from "../support/canary/machine.ts";
import { given, mark, needlesOf, type Needles } from "../support/canary/marks.ts";
import { startGithub, type GithubDouble } from "../support/github.ts";
import { settingsFile } from "../support/infra.ts";
import { sealing, type Sealing } from "../support/sealed.ts";
import { openStage, type Daemon, type Ran, type Stage } from "../support/stage.ts";

/** Where secrets are meant to be: a mark anywhere else is a leak; and each of these is found, or the search is blind. */
const intended: Readonly<Record<string, RegExp>> = {
  "the files of apps": / in \/var\/lib\/slipway\/acme\/files\//,
  "the environ of an app's processes": / in environ in a container$/,
  "what the engine tells of a container's Env": / in docker inspect: Config\.Env$/,
  "what the engine keeps of a container":
    / in \/var\/lib\/docker\/containers\/[^/]+\/config\.v2\.json$/,
  "what the engine gives to its runtime":
    / in (\/run\/docker\/containerd\/daemon\/io\.containerd\.runtime\.v2\.task\/moby\/[^/]+\/config\.json|\/var\/lib\/docker\/containerd\/daemon\/io\.containerd\.metadata\.v1\.bolt\/meta\.db)$/,
  "an app's own log": / in \/var\/lib\/docker\/containers\/[^/]+\/[^/]+-json\.log$/,
  "the repo and its copies, what was pushed in the clear": /^mistaken in objects in /,
};

const marks = {
  password: mark("password", (word) => `${word()}'"$HOME\\${word()}&<é>/+%${word()}`),
  token: mark("token", (word) => `-- ${word()}\t${word()} of one line\n${word()}\n${word()}\n`),
  certificate: mark("certificate", (word) => Array.from({ length: 20 }, word).join("\n")),
  rotated: mark("rotated", (word) => `${word()}: "${word()}" #`),
  before: mark("before", (word) => `${word()}\r\n${word()}`),
  after: mark("after", (word) => `${word()}\u00fc${word()}`),
  down: mark("down", (word) => `<${word()}>&amp;${word()}`),
  login: mark("login", (word) => `${word()}?>~${word()}`),
};
/** In the repo by mistake, in the clear: there it is known to be, and nothing else may show it. */
const mistaken = mark("mistaken", (word) => `${word()}:'${word()}" ${word()}`);
/** To be found. */
const planted = mark("planted", (word) => `${word()}"${word()}`);

const confOf = (password: string): string => `password = ${password}\n`;

describe("marked secrets", () => {
  let stage: Stage;
  let registry: Registry;
  let github: GithubDouble;
  let key: Sealing;
  let env: NodeJS.ProcessEnv;
  let daemon: Daemon | undefined;
  let secret: Needles;
  let all: Needles;
  const watchers = new Map<string, Watcher>();
  const said: string[] = [];
  const seenIn = new Set<string>();
  let sinceMs: number;
  const home = (): string => join(stage.clone, "..");

  const machines = (): readonly FleetMachine[] => ["one", "two"].map((m) => stage.fleet.machine(m));
  const image = (tag: string): string => `${registry.address}/shop:${tag}`;
  const settings = (): string =>
    `${settingsFile("acme")}registries: { "${registry.address}": { user: bot, password: registries.TOKEN } }
forge: { kind: github, repository: ${github.repository}, api: "${github.api}" }\n`;
  const app = (tag: string, more = ""): string => `
image: ${image(tag)}
machines: all
port: 8080
user: "1000"
health: { http: /up, interval: 50ms, deadline: 20s }
deploy: { stopTimeout: 1s }
secrets:
  - PASSWORD
  - { TOKEN: { secret: TOKEN, as: file } }
env:
  URL: { template: "postgres://shop:\${PASSWORD}@db/$$x" }
files:
  /etc/shop/shop.conf: { from: shop.conf, template: true }
  /etc/shop/tls.key: { secret: tls/shop.key.age }
${more}`;
  const values = async (password = marks.password): Promise<string> =>
    await key.file({ PASSWORD: password.value, TOKEN: marks.token.value });

  const slipway = async (argv: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ran> => {
    const ran = await stage.slipway(argv, { env: { ...env, ...more } });
    said.push(`${argv.join(" ")}\n${ran.stdout}${ran.stderr}`);
    return ran;
  };
  const reconcile = async (wanted: string): Promise<RevisionOutcome> => {
    const ran = await slipway(["--json", "-v", "reconcile"]);
    assert.notEqual(ran.stdout, "", ran.stderr);
    const outcome = JSON.parse(ran.stdout) as RevisionOutcome;
    assert.equal(outcome.outcome, wanted, ran.stdout + ran.stderr);
    return outcome;
  };
  const show = async (...commands: readonly string[]): Promise<void> => {
    await Promise.all(commands.map(async (line) => await slipway(line.split(" "))));
  };
  const commit: Stage["commit"] = async (message, files) => {
    const revision = await stage.commit(message, files);
    github.addCommit(revision);
    return revision;
  };
  const revert = async (revision: string): Promise<void> =>
    github.addCommit(await stage.revert(revision));
  const start = async (onLine?: (line: string) => void): Promise<Daemon> => {
    daemon = await stage.daemon({
      env,
      argv: ["-v"],
      ...(onLine === undefined ? {} : { onLine }),
    });
    return daemon;
  };
  const hasEnded = (): true | undefined => {
    const { exitCode, signalCode } = daemon?.process ?? {};
    return typeof exitCode === "number" || typeof signalCode === "string" ? true : undefined;
  };
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    await daemon?.stop(signal);
    said.push(...(daemon?.lines ?? []));
    daemon = undefined;
  };

  const watch = async (machine: FleetMachine): Promise<void> => {
    watchers.set(machine.name, await watchProcesses(machine, all));
  };

  /** Every sink there is, as far as it was touched since the last search. */
  const searchAll = async (needles: Needles): Promise<readonly Hit[]> => {
    const found = await Promise.all([
      ...machines().flatMap((machine) => [
        searchFiles(machine, needles, sinceMs),
        searchEngine(machine, needles, sinceMs),
      ]),
      ...[...watchers.values()].map(async (watcher) => await watcher.seen()),
      searchFolder(home(), needles, [stage.clone, join(home(), "fleet.agekey")]),
      searchRepo(stage.fleet.git?.repoDir("infra") ?? "", needles),
    ]);
    const texts: Readonly<Record<string, readonly string[]>> = {
      "what commands and the daemon said": said,
      "what the forge was told": github.received,
      "what the registry was asked": registry.requests,
      "what git was asked": stage.fleet.git?.requests ?? [],
    };
    for (const [place, lines] of Object.entries(texts))
      found.push(searchText(place, lines.join("\n"), needles));
    return found.flat();
  };

  before(async () => {
    sinceMs = Date.now();
    [stage, github, key] = await Promise.all([
      openStage({ machines: ["one", "two"] }),
      startGithub({ token: `ghp_${randomBytes(18).toString("hex")}` }),
      sealing(),
    ]);
    const { images, registry: found, sshKeyFile } = stage.fleet;
    assert.ok(found && images);
    registry = found;
    for (const tag of ["1", "2"]) await images.push("shop", tag);
    const tell = `env; env >&2; cat /run/secrets/* /etc/shop/*; env | base64 -w 0; cat /etc/shop/tls.key | hexdump -v -e '1/1 "%02x"'; echo`;
    await images.push("shop", "talks", { cmd: ["sh", "-c", `${tell}; exit 3`] });
    await images.push("shop", "ill", { healthcheck: ["sh", "-c", `${tell}; exit 1`] });
    registry.requireLogin({ user: "bot", password: marks.login.value });
    const keyFile = join(home(), "fleet.agekey");
    await writeFile(keyFile, `${key.identity}\n`, { mode: 0o600 });
    await mkdir(join(home(), "tmp"));
    env = {
      ...stage.env,
      SLIPWAY_AGE_KEY: keyFile,
      SLIPWAY_FORGE_TOKEN: github.token,
      TMPDIR: join(home(), "tmp"),
    };
    const conf = confOf(marks.password.value);
    const secrets = [
      ...Object.values(marks),
      mistaken,
      given("template", conf),
      given("age-key", key.identity),
      // What the beginning says is in every such key.
      given("ssh-key", (await readFile(sshKeyFile, "utf8")).split("\n").slice(-6, -2).join("\n")),
      given("repo-token", stage.env["SLIPWAY_REPO_TOKEN"] ?? ""),
      given("forge-token", github.token),
    ];
    secret = needlesOf(secrets);
    all = needlesOf([...secrets, planted]);
    for (const machine of machines()) await watch(machine);
  });
  after(async () => {
    await stop("SIGKILL");
    for (const watcher of watchers.values()) await watcher.end();
    await github?.close();
    await stage?.close();
  });
  afterEach(async () => {
    const nowMs = Date.now();
    const hits = await searchAll(secret);
    sinceMs = nowMs;
    said.length = 0;
    const leaks = hits
      .map(({ place, mark: name }) => `${name} in ${place}`)
      .filter((hit) => {
        const [where] = Object.entries(intended).find(([, pattern]) => pattern.test(hit)) ?? [];
        if (where !== undefined) seenIn.add(where);
        return where === undefined && !hit.startsWith("planted ");
      });
    assert.deepEqual([...new Set(leaks)], []);
  });

  test("planted anywhere, are found", async () => {
    const [one] = machines();
    assert.ok(one);
    const { value, words } = planted;
    const [word = ""] = words;
    const inBase64 = Buffer.from(`x${value}`).toString("base64");
    const plant = async (script: string): Promise<void> => {
      const { code, stderr } = await one.exec(["sh", "-c", script, "sh", value, word, inBase64]);
      assert.equal(code, 0, stderr);
    };
    await plant(`echo "$1" >/tmp/planted; echo "$3" >>/var/log/dockerd.log; : >"/root/$2"`);
    await plant(`docker network create --label "mark=$1" "$2"`);
    const linger = 'MARK="$1" exec sh -c "while [ ! -e /run/enough ]; do sleep 0.02; done" sh "$2"';
    const lingering = one.exec(["timeout", "60", "sh", "-c", linger, "sh", value, word]);
    await until("the watcher sees a process", async () => {
      const seen = await watchers.get("one")?.seen();
      return seen?.some(({ place }) => place === "environ of sh");
    });
    await one.exec(["touch", "/run/enough"]);
    await lingering;
    await mkdir(join(home(), "state"), { recursive: true });
    await writeFile(join(home(), "state", "planted"), encodeURIComponent(value));
    const gitDir = stage.fleet.git?.repoDir("infra") ?? "";
    await must(["git", `--git-dir=${gitDir}`, "hash-object", "-w", "--stdin"], { input: value });
    await fetch(`${github.api}/repos`, { method: "POST", body: JSON.stringify(value) });
    said.push(`it is ${word.slice(0, 4)}… ${Buffer.from(word).toString("hex")}`);
    const found = new Set((await searchAll(all)).map(({ place }) => place));
    const places = [
      "/tmp/planted",
      "/var/log/dockerd.log",
      `the name of /root/${word}`,
      "docker inspect",
      "docker events",
      "argv of docker",
      "argv of sh",
      "environ of sh",
      join(home(), "state", "planted"),
      `objects in ${gitDir}`,
      "what commands and the daemon said",
      "what the forge was told",
    ];
    for (const place of places) assert.ok(found.delete(place), `nothing was found in ${place}`);
    await plant(`rm /tmp/planted "/root/$2" /run/enough; docker network rm "$2"`);
  });

  test("of a first deploy, and of all that is shown of the next one", async () => {
    await commit("Shop", {
      "slipway.yaml": settings(),
      "machines/one.yaml": stage.machineFile("one"),
      "machines/two.yaml": stage.machineFile("two"),
      "apps/shop/app.yaml": app("1"),
      "apps/shop/shop.conf": confOf("${PASSWORD}"),
      "secrets/shop.yaml": await values(),
      "secrets/tls/shop.key.age": await key.value(marks.certificate.value),
      "secrets/registries.yaml": await key.file({ TOKEN: marks.login.value }),
    });
    await reconcile("applied");
    await commit("Rotate", { "secrets/shop.yaml": await values(marks.rotated) });
    await show("plan -v", "plan --json", "plan --markdown", "validate -v");
    await show("status -v", "status --json", "ps -v", "history --json");
    await show("why app/shop", "why machine/one/app/shop/container/1 --json", "history -v");
    await reconcile("applied");
  });

  test("of apps that print all they have, one in its log and one in its HEALTHCHECK", async () => {
    await start();
    const broken = await commit("Break", {
      "apps/shop/app.yaml": app("talks"),
      "apps/ill.yaml": `
image: ${image("ill")}
machines: one
health: { interval: 50ms, deadline: 3s }
secrets: [{ PASSWORD: shop.PASSWORD }, { TOKEN: shop.TOKEN }]
`,
    });
    const note = JSON.stringify(await stage.outcome(broken, /reverted|failed/));
    assert.match(note, /"logTail":\[.*\[secret shop\.PASSWORD\]/);
    assert.match(note, /HEALTHCHECK unhealthy: [^"]*\[secret shop\./);
    await revert(broken);
    await stage.outcome((await stage.git("rev-parse", "HEAD")).trim(), "applied");
    await show("status -v", "status --json", "history --json", "why app/shop --json");
    assert.ok(github.statuses(broken).some(({ state }) => state === "failure"));
  });

  test("of a secret file that somebody changes, and a daemon that heals it", async () => {
    const one = stage.fleet.machine("one");
    const file = (await searchFiles(one, secret, 0)).find(
      ({ place, mark: name }) => name === "token" && place.includes("/acme/files/"),
    )?.place;
    assert.ok(file);
    const change = 'echo edited >>"$1"; docker kill $(docker ps -q)';
    assert.equal((await one.exec(["sh", "-c", change, "sh", file])).code, 0);
    await until(
      "the daemon heals the file",
      async () => {
        const { stdout } = await one.exec(["cat", file]);
        return stdout === marks.token.value ? true : undefined;
      },
      60_000,
    );
    await stop();
  });

  test("of what the engine and the registry refuse", async () => {
    const refused = await commit("Refuse", {
      "apps/shop/app.yaml": app("1", "capAdd: [NONSENSE]\n"),
    });
    assert.match(JSON.stringify(await reconcile("reverted")), /no capability/);
    await revert(refused);
    registry.requireLogin({ user: "bot", password: "another" });
    await commit("Deploy", { "apps/shop/app.yaml": app("2") });
    assert.match(JSON.stringify(await reconcile("incomplete")), /refuses the login/);
    registry.requireLogin({ user: "bot", password: marks.login.value });
    await reconcile("applied");
  });

  for (const [when, line] of [
    ["before", /\/files\/.*action="create"/],
    ["after", / done address="[^"]*\/files\//],
  ] as const)
    test(`of a controller that is killed ${when} it put a file`, async () => {
      await commit(`Rotate ${when}`, { "secrets/shop.yaml": await values(marks[when]) });
      await start((text) => {
        if (line.test(text)) daemon?.process.kill("SIGKILL");
      });
      await until("its end", async () => await Promise.resolve(hasEnded()), 60_000);
      await stop();
      await reconcile("applied");
    });

  test("of a machine that goes down in the middle", async () => {
    const two = stage.fleet.machine("two");
    let isDown = false;
    await start((text) => {
      if (isDown || !/machine\/two\/\S+" action=/.test(text)) return;
      isDown = true;
      void two.faults.kill();
    });
    const revision = await commit("Rotate once more", {
      "secrets/shop.yaml": await values(marks.down),
    });
    await stage.outcome(revision, "incomplete");
    await stop();
    await two.faults.start();
    await watch(two);
    await reconcile("applied");
  });

  for (const clumsy of ["thrown", "lost"])
    test(`of a bug in Slipway that is ${clumsy}`, async () => {
      const preload = new URL("../support/canary/clumsy.mjs", import.meta.url);
      for (const argv of [
        ["reconcile", "-v"],
        ["plan", "--json"],
      ]) {
        const ran = await slipway(argv, {
          NODE_OPTIONS: `--import=${preload.href}`,
          CLUMSY: clumsy,
        });
        assert.equal(ran.code, 1, ran.stdout + ran.stderr);
        assert.match(ran.stderr, /this is a bug in Slipway[^]*clumsy: \[secret \S+\]/);
      }
    });

  test("of revisions that are rejected, also where one stands in the clear by mistake", async () => {
    const stranger = await sealing();
    const text = await values();
    const cut = text.indexOf("\n", 200);
    const mistakes: Readonly<Record<string, string>> = {
      "in the clear": `${text}OTHER: ${JSON.stringify(mistaken.value)}\n`,
      "no YAML": `${text}OTHER: "${mistaken.words[0]}\n  ]: ${mistaken.value}\n`,
      "for somebody else": await stranger.file({
        PASSWORD: marks.password.value,
        TOKEN: marks.token.value,
      }),
      damaged: `${text.slice(0, cut - 3)}AAA${text.slice(cut)}`,
    };
    for (const [how, file] of Object.entries(mistakes)) {
      const revision = await commit(how, { "secrets/shop.yaml": file });
      const { findings } = await reconcile("rejected");
      assert.match(findings?.join("\n") ?? "", /secrets\/shop\.yaml:\d+/);
      await show("validate");
      await revert(revision);
    }
    await show("status", "history", "secrets list --json", "secrets verify");
  });

  test("were found wherever they are meant to be", () => {
    assert.deepEqual([...seenIn].toSorted(), Object.keys(intended).toSorted());
  });
});
