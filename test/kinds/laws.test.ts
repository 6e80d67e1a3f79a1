import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { files, type FilesSpec } from "../../src/kinds/app/files.ts";
import { image } from "../../src/kinds/app/image.ts";
import { job, type JobSpec } from "../../src/kinds/app/job.ts";
import { network } from "../../src/kinds/app/network.ts";
import { release, type ReleaseSpec } from "../../src/kinds/app/release.ts";
import { volume } from "../../src/kinds/app/volume.ts";
import { kindOf, kinds } from "../../src/kinds/index.ts";
import type { Kind } from "../../src/kinds/kind.ts";
import { certifiedHosts } from "../../src/kinds/shared/proxy/crt-list.ts";
import type { ProxySpec } from "../../src/kinds/shared/proxy/spec.ts";
import { certificatePath } from "../../src/kinds/shared/certificate/files.ts";
import { certificate, type CertificateSpec } from "../../src/kinds/machine/certificate.ts";
import { certification, type CertificationSpec } from "../../src/kinds/machine/certification.ts";
import { names, type NamesSpec } from "../../src/kinds/machine/names.ts";
import { proxy } from "../../src/kinds/machine/proxy.ts";
import { about, converge, facts, find, planFor } from "../support/converge.ts";
import { countSteps, EngineSim } from "../support/engine-sim.ts";
import { sha256 } from "../support/sim/disk.ts";
import { anyProxy } from "../support/proxy-specs.ts";
import { anySpec, fileName, machine, plain } from "../support/specs.ts";
import { pretended } from "../support/secrets.ts";

const content = fc.string({ unit: "binary" });
const hex = fc.stringMatching(/^[0-9a-f]{64}$/);

const anyFiles = fc
  .record({
    digest: hex,
    owner: fc.constantFrom("0:0", "1000:1000"),
    mode: fc.constantFrom("0644", "0600", "0755"),
    folder: fc.boolean(),
    contents: fc.dictionary(fileName, content, { minKeys: 1, maxKeys: 4 }),
    below: fc.boolean(),
    isSecret: fc.boolean(),
  })
  .map(({ digest, owner, mode, folder, contents, below, isSecret }): FilesSpec => {
    const all = Object.entries(contents).map(([name, text]) => ({
      path: folder ? (below ? `deep/er/${name}` : name) : "",
      content: isSecret ? { sealed: [text] } : { blob: text },
      sha256: sha256(text),
      mode,
    }));
    const entries = folder ? all : all.slice(0, 1);
    return { app: "shop", family: "shop", target: "/etc/shop", digest, owner, folder, entries };
  });

const line = fc
  .tuple(fc.ipV4(), fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/))
  .map(([ip, name]) => `${ip} ${name}`);
const lines = fc.array(line, { maxLength: 4 });

const anyNames: fc.Arbitrary<NamesSpec> = fc.record({
  fleet: fc.constant("acme"),
  containerLines: lines,
  extra: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), lines, { maxKeys: 2 }),
  machineLines: lines,
});

const host = fc
  .tuple(fc.constantFrom("", "*."), fc.stringMatching(/^[a-z]{1,9}\.[a-z]{2,5}$/))
  .map(([wildcard, name]) => wildcard + name);

const anyCertificate: fc.Arbitrary<CertificateSpec> = fc.record(
  { host, given: fc.constant({ content: ["cert and key"], sha256: sha256("cert and key") }) },
  { requiredKeys: ["host"] },
);

const anyCertification: fc.Arbitrary<CertificationSpec> = fc.record({
  host,
  authority: fc.record(
    { directory: fc.webUrl({ validSchemes: ["https"] }), dns: fc.constant(true as const) },
    { requiredKeys: ["directory"] },
  ),
  machines: fc.constant(["web-1"]),
});

const anyRelease: fc.Arbitrary<ReleaseSpec> = fc.record({
  family: fc.constant("shop"),
  app: fc.constant("shop"),
  formerly: fc.constant([]),
  digest: hex,
  container: anySpec.map((spec) => ({ ...spec, ports: [], restart: "no" as const })),
  deadlineMs: fc.constant(1000),
});

const anyJob: fc.Arbitrary<JobSpec> = fc.record({
  fleet: fc.constant("acme"),
  app: fc.constant("shop"),
  family: fc.constant("shop"),
  job: fc.constantFrom("report", "tidy-up"),
  times: fc.uniqueArray(fc.constantFrom("*-*-* 03:00:00 UTC", "Mon *-*-* 04:00:00 UTC"), {
    minLength: 1,
  }),
  container: anySpec.map((spec) => ({ ...spec, ports: [], restart: "no" as const })),
  deadlineMs: fc.integer({ min: 1, max: 1e8 }),
  socket: fc.constantFrom("/var/run/docker.sock", "/run/a b%c.sock"),
});

/** The laws of DESIGN 8 for one kind, from what is wanted and under which key it is found when nobody does any more. */
function laws<Spec, State>(
  kind: Kind<Spec, State>,
  specs: fc.Arbitrary<Spec>,
  ready: (sim: EngineSim, spec: Spec) => void = () => {},
  isKept = false,
): void {
  describe(kind.id, () => {
    test("as applied has no difference, and goes when nobody declares it", () => {
      fc.assert(
        fc.property(specs, (want) => {
          const sim = machine();
          ready(sim, want);
          const [ran] = converge(kind, sim, want, { rounds: 1 });
          assert.equal(ran?.state, "done");
          converge(kind, sim, undefined, { key: kind.key(want), rounds: 1 });
          if (isKept) return;
          const left = find(kind, sim, kind.key(want));
          assert.equal(kind.diff(undefined, left, facts), undefined);
        }),
        { numRuns: 100 },
      );
    });

    test("cut after any step converges", () => {
      fc.assert(
        fc.property(specs, fc.nat(), (want, seed) => {
          const sim = machine();
          ready(sim, want);
          const { steps } = planFor(kind, sim, want)!;
          sim.run(steps, { cutAfter: seed % (countSteps(steps) + 1) });
          converge(kind, sim, want, { rounds: 1 });
        }),
        { numRuns: 100 },
      );
    });

    test("nothing wanted and nothing there is nothing", () => {
      assert.equal(kind.diff(undefined, undefined, facts), undefined);
      for (const [, state] of kind.read(new EngineSim(), about))
        assert.equal(kind.diff(undefined, state, facts), undefined);
    });
  });
}

const withBlobs = (sim: EngineSim, spec: FilesSpec): void => {
  for (const { content } of spec.entries)
    if ("blob" in content) sim.blobs.set(content.blob, content.blob);
};

const anyFleetProxy = anyProxy.map((spec) => ({ ...spec, fleet: "acme" }));

const withProxyImage = (sim: EngineSim, spec: ProxySpec): void => {
  for (const host of certifiedHosts(spec))
    sim.disk.write(certificatePath(about.root, host), `of ${host}`);
  const image = { id: "sha256:aa", digests: [spec.reference], tags: [], config: {} };
  sim.registry.set(spec.reference, image);
};

laws(
  image,
  hex.map((digest) => ({
    app: "shop",
    family: "shop",
    text: "shop",
    reference: `registry.example.com/shop@sha256:${digest}`,
  })),
  (sim, { reference }) => {
    const id = reference.slice(reference.indexOf("@") + 1);
    sim.registry.set(reference, { id, digests: [reference], tags: [], config: {} });
  },
  true,
);
laws(
  network,
  fc.record({
    network: fc
      .stringMatching(/^slipway-acme-[a-z]{1,9}$/)
      .filter((n) => n !== "slipway-acme-shop"),
  }),
);
laws(
  volume,
  fc.record({
    app: fc.constant("shop"),
    family: fc.constant("shop"),
    volume: fc.constant("data"),
    engineName: fc.stringMatching(/^[a-z]{1,9}_data$/),
    isExact: fc.constant(false),
  }),
);
laws(files, anyFiles, withBlobs);
laws(names, anyNames, (sim) => sim.disk.remove("/var/lib/slipway/acme/hosts"));
laws(certificate, anyCertificate);
laws(certification, anyCertification);
laws(release, anyRelease);
laws(job, anyJob);
laws(proxy, anyFleetProxy, withProxyImage);

describe("kinds", () => {
  test("each is found by its id", () => {
    for (const kind of kinds) assert.equal(kindOf(kind.id), kind);
    assert.throws(() => kindOf("app/nothing"));
  });

  test("files: any edit by hand is seen and repaired", () => {
    const hands = fc.array(
      fc.record({
        at: fc.nat(),
        edit: fc.constantFrom("append", "mode", "owner", "remove", "extra", "replace-by-folder"),
      }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(anyFiles, hands, (want, edits) => {
        const sim = machine();
        withBlobs(sim, want);
        converge(files, sim, want);
        const top = `${about.root}/files/${want.digest}`;
        for (const { at, edit } of edits) {
          const paths = sim.disk.below(top);
          const path = paths[at % Math.max(1, paths.length)] ?? top;
          const node = sim.disk.nodes.get(path);
          if (edit === "remove") sim.disk.remove(path);
          else if (edit === "extra") {
            if (sim.disk.nodes.get(top)?.type === "folder") sim.disk.write(`${top}/extra/one`, "x");
          } else if (edit === "replace-by-folder") {
            sim.disk.remove(path);
            sim.disk.makeFolder(path);
          } else if (node !== undefined) {
            if (edit === "append") node.content += "x";
            if (edit === "mode") node.mode ^= 0o111;
            if (edit === "owner") node.owner = "7:7";
          }
        }
        converge(files, sim, want, { rounds: 1 });
        for (const { path, content } of want.entries) {
          const text = "blob" in content ? content.blob : pretended(content.sealed);
          assert.equal(sim.disk.read(path === "" ? top : `${top}/${path}`), text);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("names: all of /etc/hosts outside the block stays as it was", () => {
    const someText = fc
      .array(
        fc.constantFrom("127.0.0.1 localhost", "# slipway other begin", "", "::1 x\r", "\t# note"),
        { maxLength: 5 },
      )
      .map((all) => all.map((one) => `${one}\n`).join(""));
    fc.assert(
      fc.property(someText, anyNames, anyNames, (before, first, second) => {
        const sim = machine();
        sim.disk.write("/etc/hosts", before);
        converge(names, sim, first, { rounds: 1 });
        converge(names, sim, second, { rounds: 1 });
        const text = sim.disk.read("/etc/hosts") ?? "";
        assert.ok(text.startsWith(before));
        converge(names, sim, undefined, { rounds: 1 });
        assert.equal(sim.disk.read("/etc/hosts"), before);
      }),
    );
  });

  test("certificates: what is given is there again after any cut, and a stand-in after it is given no more", () => {
    fc.assert(
      fc.property(host, fc.string(), fc.string(), fc.nat(2), (host, one, other, cutAfter) => {
        const sim = machine();
        const giving = (text: string) => ({
          host,
          given: { content: [text], sha256: sha256(text) },
        });
        const shown = () => sim.disk.read(certificatePath(about.root, host)) ?? "";
        converge(certificate, sim, giving(one), { rounds: 1 });
        sim.run(planFor(certificate, sim, giving(other))?.steps ?? [], { cutAfter });
        converge(certificate, sim, giving(other), { rounds: 1 });
        assert.equal(shown(), other);
        converge(certificate, sim, { host }, { rounds: 1 });
        assert.match(shown(), /^-----BEGIN CERTIFICATE-----/);
      }),
      { numRuns: 50 },
    );
  });

  test("a proxy becomes any other, also after any cut", () => {
    fc.assert(
      fc.property(anyFleetProxy, anyFleetProxy, fc.nat(), (one, other, seed) => {
        const sim = machine();
        for (const spec of [one, other]) withProxyImage(sim, spec);
        converge(proxy, sim, one, { rounds: 1 });
        const steps = planFor(proxy, sim, other)?.steps ?? [];
        sim.run(steps, { cutAfter: seed % (countSteps(steps) + 1) });
        converge(proxy, sim, other);
        const runs = sim.engine.proxyAt(`${about.root}/proxy/run/admin.sock`);
        assert.equal(runs?.isAsWritten(sim.disk, `${about.root}/proxy`), true);
      }),
      { numRuns: 50 },
    );
  });

  test("a release that fails is tried again, one that ended well is not", () => {
    const sim = machine();
    const want = {
      family: "shop",
      app: "shop",
      formerly: [],
      digest: "ab".repeat(32),
      container: plain,
      deadlineMs: 1,
    };
    sim.exitCode = () => 3;
    assert.equal(sim.run(planFor(release, sim, want)!.steps).state, "failed");
    assert.equal(planFor(release, sim, want)?.difference.reason.code, "failed-before");
    sim.exitCode = () => 0;
    converge(release, sim, want, { rounds: 1 });
    assert.equal(sim.engine.containers.length, 1);
  });
});
