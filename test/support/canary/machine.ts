import { readFileSync } from "node:fs";
import type { JsonObject } from "../../../src/lib/json.ts";
import type { FleetMachine } from "../../fleet/fleet.ts";
import { until } from "../../fleet/wait.ts";
import type { Needles } from "./marks.ts";

/** A mark, and where it was found. */
export interface Hit {
  readonly place: string;
  readonly mark: string;
}

/** What looks at all processes of a machine for as long as it lives. */
export interface Watcher {
  /** So far, also after the machine went down. */
  seen(): Promise<readonly Hit[]>;
  end(): Promise<void>;
}

const program = readFileSync(new URL("search.pl", import.meta.url), "utf8");
/** It survives the machine. */
const witnessFile = "/var/tmp/marks-in-processes";
/** All places where programs write on a machine of the fleet, the engine's own included. */
const roots =
  "/dev/shm /etc /home /media /mnt /opt /root /run /srv /tmp /usr/local /var/lib/docker /var/lib/slipway /var/log /var/spool /var/tmp".split(
    " ",
  );

const search = async (
  machine: FleetMachine,
  needles: Needles,
  ...argv: readonly string[]
): Promise<readonly Hit[]> => {
  const input = [...needles.forms].map(([form, name]) => `${name} ${hexOf(form)}\n`).join("");
  const { stdout } = await machine.exec(["perl", "-e", program, "--", ...argv], { input });
  return hitsIn(stdout);
};

const hitsIn = (text: string): readonly Hit[] =>
  text.split("\n").flatMap((line) => {
    const [place = "", mark] = line.split("\t");
    return mark === undefined ? [] : [{ place, mark }];
  });

const hexOf = (form: string): string => Buffer.from(form, "latin1").toString("hex");

/** Files whose content or name changed since then (milliseconds since 1970): nothing takes that time back. */
export const searchFiles = async (
  machine: FleetMachine,
  needles: Needles,
  sinceMs: number,
): Promise<readonly Hit[]> => {
  const since = String(Math.floor(sinceMs / 1000) - 1);
  return await search(machine, needles, "files", since, ...roots);
};

export async function watchProcesses(machine: FleetMachine, needles: Needles): Promise<Watcher> {
  await machine.exec(["rm", "-f", witnessFile]);
  const ended = search(machine, needles, "processes", witnessFile);
  await until(`the watcher of ${machine.name}`, async () => {
    const { code } = await machine.exec(["test", "-e", witnessFile]);
    return code === 0 ? true : undefined;
  });
  return {
    seen: async () => hitsIn((await machine.exec(["cat", witnessFile])).stdout),
    end: async () => {
      await machine.exec(["rm", "-f", witnessFile]);
      await ended;
    },
  };
}

const objectsScript = `set -e
all() { ids=$(docker "$1" ls -q $2); [ -z "$ids" ] || docker inspect $ids; }
for what in "container --all" image network volume; do all $what; done
`;

/** All that the engine tells of what it has, and of what it did since then (milliseconds since 1970). */
export async function searchEngine(
  machine: FleetMachine,
  needles: Needles,
  sinceMs: number,
): Promise<readonly Hit[]> {
  const { stdout, code, stderr } = await machine.exec(["sh", "-c", objectsScript]);
  if (code !== 0) throw new Error(`the engine of ${machine.name} tells nothing: ${stderr}`);
  const objects = stdout
    .split(/^(?=\[$)/m)
    .flatMap((text) => (text === "" ? [] : (JSON.parse(text) as readonly JsonObject[])));
  const events = await machine.docker([
    "events",
    `--since=${sinceMs / 1000}`,
    `--until=${Date.now() / 1000}`,
    "--format={{json .}}",
  ]);
  const found = (place: string, data: unknown): readonly Hit[] =>
    needles.foundIn(JSON.stringify(data) ?? "").map((name) => ({ place, mark: name }));
  return [
    ...objects.flatMap(({ Config: config = {}, ...rest }) => {
      const { Env: env, ...configured } = config as JsonObject;
      return [
        ...found("docker inspect", [configured, rest]),
        ...found("docker inspect: Config.Env", env),
      ];
    }),
    ...found("docker events", events),
  ];
}
