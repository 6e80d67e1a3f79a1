import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Fleet } from "../test/fleet/fleet.ts";

const exampleDir = fileURLToPath(new URL("../example-repo/", import.meta.url));

/** example-repo/ as it is, but for where the machines and the registry are. */
export async function exampleFiles(
  fleet: Fleet,
  registry: string,
  proxyImage: string,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(exampleDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name).slice(exampleDir.length);
    const text = await readFile(join(exampleDir, path), "utf8");
    const machine = /^machines\/(.*)\.yaml$/.exec(path)?.[1];
    files[path] =
      machine === undefined
        ? onRegistry(text, registry).replace("haproxy:lts", proxyImage)
        : onFleet(text, fleet, machine);
  }
  return files;
}

const onRegistry = (text: string, registry: string): string =>
  // Nobody wants to watch a broken version fail for 20 s, nor a good one for 30.
  text
    .replaceAll("registry.example.com", registry)
    .replaceAll(beyondThem, "")
    .replace("deadline: 20s", "deadline: 5s")
    .replace("    logs: {", "    deploy: { watch: 5s }\n    logs: {");

/** What needs a disk, systemd or a mirror of Debian: these machines have none of them. */
const beyondThem = /^(?:packages|updates|reboot|swap|mounts|jobs):.*\n(?: .*\n)*/gm;

function onFleet(text: string, fleet: Fleet, name: string): string {
  const { address, privateAddress, hostKey } = fleet.machine(name);
  return (
    text
      .replaceAll(beyondThem, "")
      .replace(/^address: .*/m, `address: ${address}`)
      // They are on one private network, and lack what another would need.
      .replace(/^(?:privateAddress|wireguard): .*/m, `privateAddress: ${privateAddress}`)
      .replace(/^hostKey: .*/m, `hostKey: ${hostKey}`)
      .replace(/^machineId: .*\n/m, "")
  );
}
