import { parseSize } from "../../lib/size.ts";
import { printableLine } from "../../lib/text.ts";
import { splitWords, WordsError } from "../../lib/words.ts";
import type { AppFields } from "../../generated/app.ts";
import { readingOn, variantsOf } from "../expand.ts";
import { instancesOn, type PlacedApp, type Rule } from "./repo.ts";

export const imagesAreNamed: Rule = ({ apps }, report) => {
  for (const app of apps) {
    if (!app.lacks(["image"])) continue;
    const needing = app.machines.filter((machine) => (instancesOn(app, machine) ?? 0) > 0);
    const missing =
      needing.length === 0
        ? app.knows(["instances"]) && app.fields.instances !== 0
        : needing.some((machine) => readingOn(app, machine).lacks(["image"]));
    if (missing)
      report(
        "image-missing",
        app.at([]),
        `app '${app.name}' has no image, for example image: registry.example.com/${app.name}:1.0.0`,
      );
    else if (app.fields.release !== undefined)
      report(
        "image-missing",
        app.at(["release"]),
        "release has no image to run in; put one beside it",
      );
    else if (app.keys(["jobs"]).length > 0)
      report(
        "image-missing",
        app.at(["jobs"]),
        "jobs have no image to run in; put one beside them",
      );
  }
};

type Command = string | readonly string[] | undefined;

export const commandsAreWords: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at, knows } of variantsOf(app)) {
      for (const [path, command] of commandsOf(fields)) {
        const problem = knows(path) ? commandProblem(command) : undefined;
        if (problem !== undefined) report("bad-command", at(path), `${path.join(".")}: ${problem}`);
      }
    }
  }
};

const commandsOf = (fields: AppFields): readonly (readonly [readonly string[], Command])[] => [
  [["command"], fields.command],
  [["entrypoint"], fields.entrypoint],
  [["release", "command"], fields.release?.command],
  ...Object.entries(fields.jobs ?? {}).map(
    // What could not be read is no map here.
    ([name, job]) =>
      [["jobs", name, "command"], (job as Partial<typeof job> | null)?.command] as const,
  ),
  [["health", "command"], typeof fields.health === "object" ? fields.health.command : undefined],
];

/** Words by which a shell joins and redirects commands; to a program they are arguments like others. */
const ofShell = /^(?:\||\|\||&|&&|;|\d?>{1,2}|<|\d>&\d)$|;$/;

export const commandsHaveNoShell: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at, knows } of variantsOf(app)) {
      for (const [path, command] of commandsOf(fields)) {
        if (typeof command !== "string" || !knows(path) || commandProblem(command)) continue;
        const found = splitWords(command).find((word) => ofShell.test(word));
        if (found === undefined) continue;
        const example = `["sh", "-c", ${JSON.stringify(command.length > 60 ? "…" : command)}]`;
        report(
          "no-shell",
          at(path),
          `${path.join(".")} runs without a shell, so ${printableLine(found)} is one of its arguments; for a shell write ${printableLine(example)}`,
        );
      }
    }
  }
};

/** What Compose, templates of Helm and Ansible would fill in. */
const filledElsewhere = /\$\{[A-Za-z_][^}]*\}|\{\{.*\}\}/;

export const valuesAreNotFilledIn: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      for (const [name, value] of Object.entries(fields.env ?? {})) {
        const [found] = typeof value === "string" ? (filledElsewhere.exec(value) ?? []) : [];
        if (found === undefined) continue;
        const shown = printableLine(found.length > 40 ? `${found.slice(0, 40)}…` : found);
        report(
          "not-interpolated",
          at(["env", name]),
          `${name} is passed on as it is written: Slipway fills in nothing for ${shown}${shown.startsWith("$") ? `; if that is a secret, write ${name}: { template: … }` : ""}`,
        );
      }
    }
  }
};

function commandProblem(command: Command): string | undefined {
  if (command === undefined) return undefined;
  if (typeof command !== "string")
    return command.length === 0 ? "an empty list; leave it out to use the image's" : undefined;
  try {
    return splitWords(command).length === 0
      ? "no words; leave it out to use the image's"
      : undefined;
  } catch (error) {
    if (error instanceof WordsError) return error.message;
    throw error;
  }
}

const ways = ["http", "tcp", "command", "engine"] as const;

export const healthIsClear: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at, knows, lacks } of variantsOf(app)) {
      const { health } = fields;
      if (typeof health !== "object") continue;
      const said = ways.filter((way) => health[way] !== undefined);
      if (said.length > 1) {
        report(
          "health-unclear",
          at(["health", said[1] ?? ""]),
          `health has ${said.join(" and ")}; keep one (null unsets one from below)`,
        );
      }
      const wish = typeof health.port === "string" ? health.port : undefined;
      const named = typeof fields.port === "object" ? fields.port : {};
      const isClear = fields.port === undefined ? lacks(["port"]) : knows(["port"]);
      if (wish !== undefined && isClear && !Object.hasOwn(named, wish)) {
        report(
          "health-without-port",
          at(["health", "port"]),
          `the app has no port named '${wish}'`,
        );
      }
      const [way = "", ...others] = said;
      const needsPort =
        others.length === 0 && (way === "http" || way === "tcp") && knows(["health"]);
      if (needsPort && lacks(["health", "port"]) && lacks(["port"])) {
        report(
          "health-without-port",
          at(["health", way]),
          "which port? Say where the app listens, for example port: 8080",
        );
      }
    }
  }
};

/** What the engine itself would refuse. */
const smallestMemory = parseSize("6m");

export const resourcesAreConsistent: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at, lacks } of variantsOf(app)) {
      const size = (key: "memory" | "memoryReservation" | "memorySwap"): number | undefined => {
        const text = fields.resources?.[key];
        return text === undefined ? undefined : parseSize(text);
      };
      const [memory, reservation, swap] = [
        size("memory"),
        size("memoryReservation"),
        size("memorySwap"),
      ];
      const say = (key: string, message: string): void =>
        report("bad-resources", at(["resources", key]), message);
      if (memory !== undefined && memory < smallestMemory)
        say("memory", "the engine gives no container less than 6m of memory");
      if (memory !== undefined && reservation !== undefined && reservation > memory)
        say("memoryReservation", "memoryReservation is more than memory");
      if (swap !== undefined && lacks(["resources", "memory"]))
        say("memorySwap", "memorySwap is memory and swap together; set memory as well");
      if (swap !== undefined && memory !== undefined && swap < memory)
        say("memorySwap", "memorySwap is memory and swap together; it is less than memory");
    }
  }
};

export const ulimitsAreConsistent: Rule = ({ apps }, report) => {
  for (const app of apps) eachUlimit(app, report);
};

function eachUlimit(app: PlacedApp, report: Parameters<Rule>[1]): void {
  for (const { fields, at } of variantsOf(app)) {
    for (const [name, limit] of Object.entries(fields.ulimits ?? {})) {
      if (
        typeof limit === "number" ||
        limit.hard === -1 ||
        (limit.soft !== -1 && limit.soft <= limit.hard)
      )
        continue;
      report("bad-ulimit", at(["ulimits", name]), `${name}: soft is more than hard`);
    }
  }
}
