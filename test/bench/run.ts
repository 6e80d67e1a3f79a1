import { readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { isMet, tableMarkdown, tableText } from "./report.ts";
import { say, type Bench, type Row } from "./row.ts";

const benches: Readonly<Record<string, Bench>> = {
  plan: async () => await (await import("./plan.ts")).benchPlan(),
  look: async () => await (await import("./look.ts")).benchLook(),
  nothing: async () => await (await import("./nothing.ts")).benchNothing(),
  secrets: async () => await (await import("./secrets.ts")).benchSecrets(),
  switches: async () => await (await import("./switches.ts")).benchSwitches(),
  deploys: async () => await (await import("./deploys.ts")).benchDeploys(),
  deploy: async () => await (await import("./deploy.ts")).benchDeploy(),
};

const page = new URL("../../docs/benchmarks.md", import.meta.url);
const marks = (name: string): readonly [string, string] => [
  `<!-- ${name} begin -->`,
  `<!-- ${name} end -->`,
];

const usage = `npm run bench -- [--write] [NAME …]

Measures ${Object.keys(benches).join(", ")}, or those that are named, and exits with 1 where a goal is missed.
--write also writes the tables into docs/benchmarks.md. Most need root on Linux, as the test fleet does.
`;

/** Exits with 1 where a goal is missed. */
async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      write: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const names = positionals.length > 0 ? positionals : Object.keys(benches);
  const all: Row[] = [];
  for (const name of names) {
    const bench = benches[name];
    if (bench === undefined) {
      say(`there is no benchmark ${name}; there are ${Object.keys(benches).join(", ")}`);
      return 2;
    }
    say(`${name}:`);
    const rows = await bench();
    all.push(...rows);
    if (values.write) await writeSection(name, rows);
  }
  process.stdout.write(`${tableText(all)}\n`);
  const missed = all.filter((row) => !isMet(row));
  for (const { what } of missed) say(`goal missed: ${what}`);
  return missed.length > 0 ? 1 : 0;
}

/** Each benchmark has its own part of the page, so that one can be measured again alone. */
async function writeSection(name: string, rows: readonly Row[]): Promise<void> {
  const text = await readFile(page, "utf8");
  const [begin, end] = marks(name);
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no part ${name}`);
  const part = `${begin}\n${machineLine()}\n\n${tableMarkdown(rows)}\n`;
  await writeFile(page, text.slice(0, from) + part + text.slice(to));
}

function machineLine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${cpus().length} × ${cpu?.model.trim() ?? "unknown CPU"}, ${memory} GiB, Linux ${release()}, Node.js ${process.versions.node}`;
}

process.exitCode = await main(process.argv.slice(2));
