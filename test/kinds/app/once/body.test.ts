import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onceBody } from "../../../../src/kinds/index.ts";
import type { Json, JsonObject } from "../../../../src/lib/json.ts";

/** What an engine says of an instance, as far as it matters here. */
const instance = {
  Id: "a1",
  Name: "/acme-shop-1-3f2a91c0",
  Config: {
    Image: "registry.example.com/shop@sha256:1111",
    Cmd: ["serve"],
    Entrypoint: ["/entry"],
    Env: ["PATH=/bin", "SLIPWAY_APP=shop"],
    User: "1000:1000",
    WorkingDir: "/srv",
    Hostname: "shop.example.com",
    ExposedPorts: { "8080/tcp": {} },
    Labels: {
      "slipway.fleet": "acme",
      "slipway.app": "shop",
      "slipway.family": "shop",
      "slipway.instance": "1",
      "slipway.spec": "ab",
      "slipway.declared": "[]",
      "slipway.revision": "c0ffee",
      "traefik.enable": "true",
    },
  },
  HostConfig: {
    NetworkMode: "slipway-acme",
    Memory: 1024,
    Mounts: [{ Type: "volume", Source: "shop_data", Target: "/data" }],
    PortBindings: { "8080/tcp": [{ HostIp: "10.0.0.1", HostPort: "8080" }] },
    RestartPolicy: { Name: "unless-stopped" },
    LogConfig: { Type: "json-file", Config: { "max-file": "3" } },
  },
  NetworkSettings: {
    Networks: {
      "slipway-acme": { Aliases: ["shop", "shop.web-1"], IPAddress: "172.18.0.2" },
      "slipway-acme-shop": { Aliases: ["web"] },
    },
  },
} satisfies Json;

const making = { fleet: "acme", argv: ["ls", "-l"], stdin: true, tty: false };
const made = (of: Json = instance) => onceBody(of, making);
const body = (of?: Json) => made(of).body as JsonObject;
const host = (of?: Json) => body(of)["HostConfig"] as JsonObject;

describe("the container of exec --new", () => {
  it("has what the instance has", () => {
    const { Image, Entrypoint, Env, User, WorkingDir } = body();
    const { Config: config } = instance;
    assert.deepEqual(
      { Image, Entrypoint, Env, User, WorkingDir },
      {
        Image: config.Image,
        Entrypoint: config.Entrypoint,
        Env: config.Env,
        User: config.User,
        WorkingDir: config.WorkingDir,
      },
    );
    assert.deepEqual([host()["Memory"], host()["Mounts"]], [1024, instance.HostConfig.Mounts]);
    assert.deepEqual(body()["Cmd"], ["ls", "-l"]);
  });

  it("holds no port, answers to no name, and is on the same networks", () => {
    assert.deepEqual(host()["PortBindings"], {});
    assert.equal(body()["ExposedPorts"], undefined);
    assert.equal(body()["Hostname"], undefined);
    assert.deepEqual(body()["NetworkingConfig"], { EndpointsConfig: { "slipway-acme": {} } });
    assert.deepEqual(made().networks, ["slipway-acme-shop"]);
  });

  it("is no instance, and nobody else's by the app's own labels", () => {
    assert.deepEqual(body()["Labels"], {
      "slipway.fleet": "acme",
      "slipway.app": "shop",
      "slipway.family": "shop",
      "slipway.revision": "c0ffee",
      "slipway.once": "true",
    });
  });

  it("goes when it ends, and is never started again", () => {
    assert.equal(host()["AutoRemove"], true);
    assert.deepEqual(host()["RestartPolicy"], { Name: "no" });
    assert.deepEqual(body()["Healthcheck"], { Test: ["NONE"] });
  });

  it("shares the machine's network where the app does", () => {
    const shared = {
      ...instance,
      HostConfig: { ...instance.HostConfig, NetworkMode: "host" },
      NetworkSettings: { Networks: { host: {} } },
    };
    assert.equal(host(shared)["NetworkMode"], "host");
    assert.equal(body(shared)["NetworkingConfig"], undefined);
    assert.deepEqual(made(shared).networks, []);
  });
});
