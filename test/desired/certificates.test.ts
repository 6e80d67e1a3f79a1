import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CertificateSpec, CertificationSpec } from "../../src/kinds/index.ts";
import { pretended } from "../support/secrets.ts";
import { digestOfBytes } from "../../src/lib/hash.ts";
import { armoredYaml } from "../load/repos.ts";
import { compileFiles, type CompileOptions } from "./compiled.ts";

const machines = {
  "machines/web-1.yaml": "address: 10.0.0.11\nprivateAddress: 10.0.0.11\n",
  "machines/web-2.yaml": "address: 10.0.0.12\nprivateAddress: 10.0.0.12\n",
};

async function found(
  routes: string,
  more: Readonly<Record<string, string>> = {},
  options?: CompileOptions,
) {
  const app = `image: shop:1\nmachines: all\nport: 8080\nhealth: off\nroutes: [${routes}]\n`;
  const compiled = await compileFiles({ ...machines, "apps/shop.yaml": app, ...more }, options);
  const of = (kind: string) =>
    compiled.resources
      .filter((r) => r.kind === kind)
      .map(({ machine, name, spec }) => ({ machine, name, spec }));
  return { given: of("machine/certificate"), asked: of("machine/certification"), ...compiled };
}

const settings = (text: string) => ({ "slipway.yaml": `fleet: acme\ncertificates: ${text}\n` });

describe("certificates", () => {
  it("are there for every host on every machine that answers to it, and asked for together", async () => {
    const { given, asked } = await found("{ host: a.test }, { host: a.test, path: /b }");
    const on = ["web-1", "web-2"];
    assert.deepEqual(
      given,
      on.map((machine) => ({ machine, name: "a.test", spec: { host: "a.test" } })),
    );
    const directory = "https://acme-v02.api.letsencrypt.org/directory";
    const spec: CertificationSpec = { host: "a.test", authority: { directory }, machines: on };
    assert.deepEqual(
      asked,
      on.map((machine) => ({ machine, name: "a.test", spec })),
    );
  });

  it("are there for what only redirects, and not for what has no tls", async () => {
    const routes = "{ host: old.test, redirect: 'https://a.test' }, { host: b.test, tls: off }";
    const { given, asked } = await found(routes);
    assert.deepEqual(
      [given, asked].map((all) => all.map(({ machine, name }) => `${machine} ${name}`)),
      [
        ["web-1 old.test", "web-2 old.test"],
        ["web-1 old.test", "web-2 old.test"],
      ],
    );
  });

  it("are from whom the settings say, by the DNS where they say so", async () => {
    const said = settings('{ directory: "https://ca.test/dir", email: a@b.test, challenge: dns }');
    const { asked } = await found("{ host: '*.a.test' }", said);
    const spec = asked[0]?.spec as CertificationSpec | undefined;
    assert.deepEqual(spec?.authority, {
      directory: "https://ca.test/dir",
      email: "a@b.test",
      dns: true,
    });
  });

  it("are the ones that were given, which nobody is asked for", async () => {
    const secrets = { "secrets/shop.yaml": armoredYaml("CERT", "KEY") };
    const { given, asked } = await found(
      "{ host: a.test, tls: { cert: CERT, key: KEY } }",
      secrets,
    );
    const own = (given[0]?.spec as CertificateSpec | undefined)?.given;
    assert.ok(own !== undefined);
    assert.deepEqual(
      own.content.map((part) => (typeof part === "string" ? part : part.name)),
      ["shop.CERT", "\n", "shop.KEY", "\n"],
    );
    assert.equal(own.sha256, digestOfBytes(Buffer.from(pretended(own.content))));
    assert.deepEqual(asked, []);
  });

  it("are asked for once it is known where their proxy listens", async () => {
    const near = { "machines/web-1.yaml": "address: 192.0.2.1\n" };
    const options = { gateways: { "web-1": undefined } };
    const { given, asked, awaiting } = await found("{ host: a.test }", near, options);
    assert.deepEqual([given.length, asked.map(({ machine }) => machine)], [2, ["web-2"]]);
    const waits = awaiting.map(({ address }) => address);
    assert.ok(waits.includes("machine/web-1/certification/a.test"), waits.join(" "));
  });
});
