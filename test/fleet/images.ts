import { readFile } from "node:fs/promises";
import { baseLayer, filesLayer, padLayer, sha256, type Layer } from "./layers.ts";
import { appLayer, haproxyLayer } from "./programs.ts";
import { ask } from "./registry.ts";
import type { ImageOptions, Images, Pushed } from "./types.ts";

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";
const configType = "application/vnd.docker.container.image.v1+json";
const layerType = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/** Puts images together from cached layers and pushes them, without an engine: that takes milliseconds. */
export function imagesFor(socket: string, address: string): Images {
  const pushLayers = async (
    name: string,
    tag: string,
    layers: Layer[],
    options: ImageOptions,
  ): Promise<Pushed> => {
    const all = [...layers];
    if (options.files !== undefined) all.push(await filesLayer(options.files));
    if (options.padMiB !== undefined) all.push(await padLayer(options.padMiB, `${name}:${tag}`));
    const config = Buffer.from(JSON.stringify(imageConfig(tag, all, options)));
    for (const one of all) await pushBlob(socket, name, one.digest, () => readFile(one.file));
    await pushBlob(socket, name, sha256(config), async () => config);
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: configType, size: config.length, digest: sha256(config) },
      layers: all.map(({ size, digest }) => ({ mediaType: layerType, size, digest })),
    });
    const bytes = Buffer.from(manifest);
    const reply = await ask(socket, "PUT", `/v2/${name}/manifests/${tag}`, {
      bytes,
      type: manifestType,
    });
    if (reply.status !== 201)
      throw new Error(`pushing ${name}:${tag}: ${reply.status} ${reply.text}`);
    const repository = `${address}/${name}`;
    return {
      reference: `${repository}:${tag}`,
      digest: reply.digest,
      byDigest: `${repository}@${reply.digest}`,
    };
  };
  return {
    push: async (name, tag, options = {}) => {
      const cmd = options.cmd ?? ["/app/server"];
      return pushLayers(name, tag, [await baseLayer(), await appLayer()], { ...options, cmd });
    },
    pushProxy: async ({ tag = "lts", version = tag } = {}) =>
      pushLayers("haproxy", tag, [await baseLayer(), await haproxyLayer()], {
        ...asOfficial,
        env: { ...asOfficial.env, VERSION: version },
      }),
  };
}

/** As the official image of HAProxy has it. */
const asOfficial: ImageOptions = {
  env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  user: "haproxy",
  workingDir: "/var/lib/haproxy",
  entrypoint: ["docker-entrypoint.sh"],
  cmd: ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
  stopSignal: "SIGUSR1",
};

function imageConfig(tag: string, layers: readonly Layer[], options: ImageOptions): object {
  const env = { PATH: "/usr/local/bin:/bin", VERSION: tag, ...options.env };
  const second = 1_000_000_000;
  return {
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    created: "2026-01-01T00:00:00Z", // the same image has the same digest in every fleet
    config: {
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      Cmd: options.cmd ?? ["sh"],
      WorkingDir: options.workingDir ?? "/",
      ExposedPorts: { "8080/tcp": {} },
      ...(options.entrypoint === undefined ? {} : { Entrypoint: options.entrypoint }),
      ...(options.stopSignal === undefined ? {} : { StopSignal: options.stopSignal }),
      ...(options.user === undefined ? {} : { User: options.user }),
      ...(options.labels === undefined ? {} : { Labels: options.labels }),
      ...(options.healthcheck === undefined
        ? {}
        : {
            Healthcheck: {
              Test: ["CMD", ...options.healthcheck],
              Interval: second,
              Timeout: second,
              Retries: 2,
            },
          }),
    },
    rootfs: { type: "layers", diff_ids: layers.map((one) => one.diffId) },
    history: layers.map(() => ({ created: "2026-01-01T00:00:00Z", created_by: "test fleet" })),
  };
}

async function pushBlob(
  socket: string,
  name: string,
  digest: string,
  read: () => Promise<Buffer>,
): Promise<void> {
  if ((await ask(socket, "HEAD", `/v2/${name}/blobs/${digest}`)).status === 200) return;
  const { location } = await ask(socket, "POST", `/v2/${name}/blobs/uploads/`);
  const target = `${location}${location.includes("?") ? "&" : "?"}digest=${digest}`;
  const reply = await ask(socket, "PUT", target, {
    bytes: await read(),
    type: "application/octet-stream",
  });
  if (reply.status !== 201)
    throw new Error(`pushing ${digest} to ${name}: ${reply.status} ${reply.text}`);
}
