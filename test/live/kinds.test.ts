import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { StepFailure } from "../../src/apply/failure.ts";
import {
  container,
  type ContainerSpec,
  type ContainerState,
} from "../../src/kinds/app/container.ts";
import { files, type FilesSpec } from "../../src/kinds/app/files.ts";
import { image } from "../../src/kinds/app/image.ts";
import { network } from "../../src/kinds/app/network.ts";
import { release } from "../../src/kinds/app/release.ts";
import { volume } from "../../src/kinds/app/volume.ts";
import { names } from "../../src/kinds/machine/names.ts";
import type { Kind } from "../../src/kinds/kind.ts";
import { digestOf } from "../../src/lib/hash.ts";
import { bootFleet, type Fleet } from "../fleet/fleet.ts";
import { about, find } from "../support/converge.ts";
import { liveMachine, type LiveMachine } from "../support/live-machine.ts";
import { sha256 } from "../support/sim/disk.ts";
import { full, MiB, plain as plainSpec } from "../support/specs.ts";

describe("kinds on a real engine", { timeout: 600_000 }, () => {
  let fleet: Fleet;
  let web: LiveMachine;
  let images: [string, string];
  let plain: ContainerSpec;

  const converge = async <S, T>(
    kind: Kind<S, T>,
    want: S | undefined,
    key?: string,
  ): Promise<string> => {
    const planned = await web.plan(kind, want, key);
    assert.ok(planned !== undefined, "nothing was planned");
    await web.run(planned.steps);
    assert.equal(await web.plan(kind, want, key), undefined);
    return planned.difference.reason.code;
  };
  const instance = async (want: ContainerSpec): Promise<ContainerState | undefined> =>
    find(container, await web.ask(container.observe(about)), want);
  const docker = (...argv: string[]): Promise<string> => fleet.machine("web-1").docker(argv);

  before(async () => {
    fleet = await bootFleet({ machines: ["web-1"] });
    const push = async (tag: string): Promise<string> =>
      (await fleet.images!.push("shop", tag)).byDigest;
    images = [await push("v1"), await push("v2")];
    web = await liveMachine(fleet, "web-1");
    plain = {
      ...plainSpec,
      image: images[0],
      probe: { by: "http", path: "/up", port: 8080 },
      stopTimeoutSeconds: 1,
    };
    await converge(names, {
      fleet: "acme",
      containerLines: ["10.0.0.9 db"],
      extra: {},
      machineLines: ["10.0.0.9 db"],
    });
    for (const name of ["slipway-acme", "slipway-acme-shop"])
      await converge(network, { network: name, family: "shop" });
    for (const reference of images)
      await converge(image, { app: "shop", family: "shop", text: "shop", reference });
  });
  after(async () => {
    await web?.close();
    await fleet?.down();
  });

  test("a container with every field has no difference once it is made", async () => {
    await converge(volume, {
      app: "shop",
      family: "shop",
      volume: "data",
      engineName: "shop_data",
      isExact: false,
    });
    const want: ContainerSpec = {
      ...full,
      image: images[0],
      app: "every",
      entrypoint: ["/app/server"],
      networks: full.networks,
      ports: full.ports.map((p) => ({ ...p, hostIp: "" })),
      env: { ...full.env, PORT: "8080", ODD: 'it\'s $HOME "x" \\ \n π' },
      probe: { by: "http", path: "/up", port: 8080 },
    };
    await converge(container, want);
    const [live] = (await instance(want))?.containers ?? [];
    assert.equal(live?.role, "current");
    assert.equal(live?.fields["env.ODD"], want.env["ODD"]);
    // Another spec that differs in each field tells each of them, and nothing that came with the image.
    const { fields } = (await web.plan(container, { ...plain, app: "every" }))!.difference;
    const paths = fields.map((f) => f.path);
    for (const path of [
      "command",
      "user",
      "hostname",
      "publish",
      "ulimits",
      "capAdd",
      "volumes./media",
      "resources.cpuset",
    ])
      assert.ok(paths.includes(path), `${path} in ${paths.join(" ")}`);
    assert.ok(
      !paths.some((p) => p === "env.PATH" || p === "env.VERSION" || p === "image"),
      paths.join(" "),
    );
    assert.deepEqual(
      (await web.plan(container, { ...want, command: ["other"] }))!.difference.fields.map(
        (f) => f.path,
      ),
      ["command"],
    );
    await converge(container, undefined, "every/1");
  });

  test("limits and the restart policy change in place, and are taken away in place", async () => {
    const small = {
      memoryBytes: 64 * MiB,
      cpus: 0.25,
      pids: 50,
      cpuShares: 512,
      memoryReservationBytes: 32 * MiB,
    };
    await converge(container, plain);
    const first = (await instance(plain))!.containers[0]!;
    const changes: Partial<ContainerSpec>[] = [
      { limits: small },
      { limits: { ...small, memoryBytes: 512 * MiB, cpus: 1.5 } },
      { limits: { memoryBytes: 64 * MiB, memorySwapBytes: 100 * MiB } },
      { limits: {} },
      { restart: "on-failure" },
      { restart: "always", limits: { pids: 10 } },
      {},
    ];
    for (const change of changes) {
      await converge(container, { ...plain, ...change });
      const live = (await instance(plain))!.containers;
      assert.deepEqual(
        live.map((c) => [c.id, c.startedAt]),
        [[first.id, first.startedAt]],
      );
    }
  });

  test("start-first replaces it, reverts from the kept one, and heals what was done by hand", async () => {
    const next = { ...plain, image: images[1], env: { ...plain.env, GREETING: "bye" } };
    assert.equal(await converge(container, next), "spec-changed");
    assert.deepEqual(
      (await instance(next))!.containers.map((c) => c.role),
      ["previous", "current"],
    );
    const before = (await instance(next))!.containers.map((c) => c.id);
    assert.equal(await converge(container, plain), "spec-changed");
    assert.deepEqual(
      (await instance(plain))!.containers.map((c) => c.id),
      before,
    );
    const name = (await instance(plain))!.containers.find((c) => c.role === "current")!.name;

    const byHand: [string[], string][] = [
      [["stop", "-t", "1", name], "stopped"],
      [["kill", name], "stopped"],
      [["rename", name, "mine"], "renamed"],
      [["pause", name], "paused"],
      [["update", "--restart", "no", name], "restart-policy-changed"],
      [["update", "--memory", "100m", "--memory-swap", "200m", name], "limits-changed"],
      [["network", "disconnect", "slipway-acme", name], "network-detached"],
      [["rm", "-f", name], "missing"],
    ];
    for (const [argv, code] of byHand) {
      await docker(...argv);
      assert.equal(await converge(container, plain), code, argv.join(" "));
    }
  });

  test("a new one that fails leaves the old one in service, start-first and stop-first", async () => {
    for (const strategy of ["start-first", "stop-first"] as const) {
      const good = { ...plain, strategy };
      const serving = (await instance(good))!.containers.find((c) => c.role === "current")!;
      const bad = { ...good, env: { ...plain.env, FAIL: "exit" }, probeDeadlineMs: 3_000 };
      const planned = (await web.plan(container, bad))!;
      await assert.rejects(
        web.run(planned.steps),
        (error: StepFailure) => error.blame === "app" && !error.message.includes("way back"),
      );
      const found = (await instance(good))!.containers;
      assert.equal(found.find((c) => c.running)?.id, serving.id);
      assert.equal(found.find((c) => c.role === "failed")?.running, false);
      const isBack = strategy === "stop-first" ? "brought-back" : "nothing";
      assert.equal((await web.plan(container, good))?.difference.reason.code ?? "nothing", isBack);
      if (strategy === "stop-first") await converge(container, good);
      const live = (await instance(good))!.containers;
      assert.equal(live.find((c) => c.role === "current")?.id, serving.id);
    }
  });

  test("what cannot be started is the app's failure, and is put away", async () => {
    const serving = (await instance(plain))!.containers.find((c) => c.role === "current")!;
    const bad = { ...plain, entrypoint: ["/no/such/program"] };
    const planned = (await web.plan(container, bad))!;
    await assert.rejects(web.run(planned.steps), { blame: "app" });
    assert.equal(
      (await instance(plain))!.containers.find((c) => c.role === "current")?.id,
      serving.id,
    );
    const refused = { ...plain, ulimits: [{ name: "nonsense", soft: 1, hard: 1 }] };
    await assert.rejects(web.run((await web.plan(container, refused))!.steps), { blame: "app" });
    assert.equal(await web.plan(container, plain), undefined);
  });

  test("stop-first hands a host port over", async () => {
    const ports = [
      { hostIp: "127.0.0.1", hostPort: 8081, containerPort: 8080, protocol: "tcp" as const },
    ];
    const first: ContainerSpec = { ...plain, app: "port", ports, strategy: "stop-first" };
    await converge(container, first);
    await converge(container, { ...first, env: { ...first.env, GREETING: "second" } });
    const { stdout } = await fleet
      .machine("web-1")
      .exec(["busybox", "wget", "-qO-", "http://127.0.0.1:8081/"]);
    assert.match(stdout, /greeting=second/);
    await converge(container, { ...first, running: false });
    assert.equal(await converge(container, first), "stopped");
    await converge(container, undefined, "port/1");
  });

  test("an app keeps running through its rename", async () => {
    const old = { ...plain, app: "catalog", family: "catalog", env: { SLIPWAY_APP: "catalog" } };
    const catalog = { ...old, networks: [{ name: "slipway-acme", aliases: ["catalog"] }] };
    await converge(container, catalog);
    const { id } = (await instance(catalog))!.containers[0]!;
    const store: ContainerSpec = {
      ...plain,
      app: "store",
      env: { SLIPWAY_APP: "store" },
      networks: [{ name: "slipway-acme", aliases: ["store"] }],
      formerly: [catalog],
    };
    assert.equal(await converge(container, store), "app-renamed");
    assert.deepEqual(
      (await instance(store))!.containers.map((c) => [c.id, c.running]),
      [[id, true]],
    );
    await converge(container, undefined, "store/1");
  });

  test("a release runs to its end once, and is told when it fails", async () => {
    const spec = (argv: string[]) => ({
      family: "shop",
      app: "shop",
      formerly: [],
      digest: digestOf(argv),
      container: { ...plain, entrypoint: argv, restart: "no" as const },
      deadlineMs: 60_000,
    });
    const good = spec(["/bin/sh", "-c", "echo done"]);
    assert.equal(await converge(release, good), "release-due");
    const bad = spec(["/bin/sh", "-c", "exit 3"]);
    await assert.rejects(web.run((await web.plan(release, bad))!.steps), { blame: "app" });
    assert.equal((await web.plan(release, bad))?.difference.reason.code, "failed-before");
    const slow = { ...spec(["/bin/sh", "-c", "sleep 60"]), deadlineMs: 500 };
    await assert.rejects(web.run((await web.plan(release, slow))!.steps), { blame: "app" });
    assert.equal((await docker("ps", "-q", "--filter", "label=slipway.release")).trim(), "");
    await converge(release, undefined, "shop");
  });

  test("files arrive byte for byte, and are repaired where a container mounts them", async () => {
    const odd = 'it\'s "$HOME" \\ π\n\r\n\ttab';
    web.blobs.set("one", odd);
    web.blobs.set("two", "two\n");
    const entry = (path: string, blob: string) => ({
      path,
      content: { blob },
      sha256: sha256(web.blobs.get(blob)!),
      mode: "0640",
    });
    const base = { app: "shop", family: "shop", owner: "1000:0" };
    const file: FilesSpec = {
      ...base,
      target: "/etc/one",
      digest: "a".repeat(64),
      folder: false,
      entries: [entry("", "one")],
    };
    const entries = ["a b", "it's", "back\\slash", "deep/er/π.txt", "-rf", "$(x)"].map((p) =>
      entry(p, "two"),
    );
    const folder: FilesSpec = {
      ...base,
      target: "/etc/rules",
      digest: "b".repeat(64),
      folder: true,
      entries,
    };
    await converge(files, file);
    await converge(files, folder);
    const mounts = [file, folder].map(({ digest, target }) => ({
      type: "bind" as const,
      source: `${about.root}/files/${digest}`,
      target,
      readOnly: true,
    }));
    const want = { ...plain, mounts: [...plain.mounts, ...mounts] };
    await converge(container, want);
    const [top, below] = [mounts[0]!.source, mounts[1]!.source];
    const edits = [
      `echo x >> ${top}`,
      `chmod 600 ${top}`,
      `rm '${below}/it'"'"s"`.replaceAll(`'"'"`, `'"'"'`).replace(`s"`, `s'`),
      `echo x > '${below}/deep/er/π.txt'`,
      `touch ${below}/extra`,
      `chown 0:0 ${below}`,
      `chmod 700 ${below}/deep`,
    ];
    for (const edit of edits) {
      const { code, stderr } = await fleet.machine("web-1").exec(["sh", "-c", edit]);
      assert.equal(code, 0, `${edit}: ${stderr}`);
      assert.equal(await converge(files, edit.includes(top) ? file : folder), "edited", edit);
    }
    const name = (await instance(want))!.containers.find((c) => c.role === "current")!.name;
    assert.equal(await docker("exec", name, "cat", "/etc/one"), odd.trim());
    assert.equal(await docker("exec", name, "cat", "/etc/rules/deep/er/π.txt"), "two");
    // What a container mounts is not removed, declared or not.
    assert.equal(await web.plan(files, undefined, file.digest), undefined);
    await converge(container, undefined, "shop/1");
    await converge(files, undefined, file.digest);
    await converge(files, undefined, folder.digest);
  });

  test("other files are read by the container that runs, or are taken back", async () => {
    const told = (text: string): ContainerSpec => {
      web.blobs.set(text, text);
      const content = { blob: text };
      const entry = { path: "", content, sha256: sha256(text), mode: "0444" };
      const base = { app: "told", family: "told", owner: "0:0" };
      const shipped: readonly FilesSpec[] = [
        {
          ...base,
          target: "/etc/one",
          digest: digestOf([text, 1]),
          folder: false,
          entries: [entry],
        },
        {
          ...base,
          target: "/etc/two",
          digest: digestOf([text, 2]),
          folder: true,
          entries: [{ ...entry, path: `deep/${text}` }],
        },
      ];
      const folder = `${"d".repeat(64)}.live`;
      const mounts = shipped.map(({ target }, number) => ({
        type: "bind" as const,
        source: `${about.root}/files/${folder}/${number}`,
        target,
        readOnly: true,
      }));
      const read = "cat /etc/one /etc/two/deep/* >/tmp/read";
      return {
        ...plain,
        app: "told",
        family: "told",
        user: "1000:1000",
        entrypoint: [
          "/bin/sh",
          "-c",
          `${read}; trap '${read}' HUP; while :; do sleep 60 & wait $!; done`,
        ],
        mounts: [...plain.mounts, ...mounts],
        probe: { by: "command", argv: ["grep", "-q", "good", "/tmp/read"] },
        probeIntervalMs: 50,
        probeDeadlineMs: 1_000,
        reload: { signal: "HUP", folder, files: shipped },
      };
    };
    const reach = async (text: string): Promise<string> => {
      for (const spec of told(text).reload!.files)
        if ((await web.plan(files, spec)) !== undefined) await converge(files, spec);
      return await converge(container, told(text));
    };
    await reach("good 1");
    const { id, startedAt } = (await instance(told("good 1")))!.containers[0]!;
    const read = () => docker("exec", id, "cat", "/tmp/read");
    assert.equal(await reach("good 2, and longer"), "files-changed");
    assert.equal(await read(), "good 2, and longer".repeat(2));
    const place = `${about.root}/files/${"d".repeat(64)}.live/0`;
    const byHand = `echo by hand >${place}.new && mv ${place}.new ${place}`;
    await fleet.machine("web-1").exec(["sh", "-c", byHand]);
    assert.equal(await reach("good 2, and longer"), "files-changed");
    assert.equal(await reach("good 3"), "files-changed");
    assert.equal(await read(), "good 3".repeat(2), "its file was replaced, and it is reached");
    const bad = told("bad");
    for (const spec of bad.reload!.files) await converge(files, spec);
    await assert.rejects(
      web.run((await web.plan(container, bad))!.steps),
      (failure: StepFailure) => failure.blame === "app" && !failure.message.includes("way back"),
    );
    assert.equal(await read(), "good 3".repeat(2));
    assert.equal(await web.plan(container, told("good 3")), undefined);
    const live = (await instance(told("good 3")))!.containers;
    assert.deepEqual(
      live.map((c) => [c.id, c.startedAt, c.restartCount]),
      [[id, startedAt, 0]],
    );
    await converge(container, undefined, "told/1");
  });

  test("what nobody declares goes", async () => {
    await converge(network, undefined, "slipway-acme-shop");
    await converge(volume, undefined, "shop_data");
    await converge(names, undefined, "");
    const hosts = await fleet.machine("web-1").exec(["cat", "/etc/hosts"]);
    assert.doesNotMatch(hosts.stdout, /slipway/);
  });
});
