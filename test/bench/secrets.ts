import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { generateHybridIdentity, generateX25519Identity } from "age-encryption";
import { Secret } from "../../src/model/secret.ts";
import type { Identities } from "../../src/secrets/identities.ts";
import { PlaintextCache } from "../../src/secrets/plaintext-cache.ts";
import { Redactor } from "../../src/secrets/redactor.ts";
import { seal } from "../../src/secrets/seal.ts";
import { agePair, pairOf, type Pair } from "../support/age.ts";
import { median, say, timed, type Row } from "./row.ts";

const total = 1_000;
const rounds = 7;
/** So many are opened by the age program; more would say the same. */
const sample = 50;

interface Work {
  readonly ms: readonly number[];
  /** Of all threads: what others do on the same machine counts less. */
  readonly cpuMs: readonly number[];
}

/** A thousand values, each for the controller and one person; opened by the controller. */
export async function benchSecrets(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  try {
    const identity = await generateX25519Identity();
    const ours = await pairOf(identity);
    const values = await sealedValues(ours, await agePair());
    const cold = await measure(() => openAll(values, ours.identities, new PlaintextCache()));
    const warmCache = new PlaintextCache();
    await openAll(values, ours.identities, warmCache);
    const warm = await measure(() => openAll(values, ours.identities, warmCache));
    const key = join(folder, "key");
    await writeFile(key, identity, { mode: 0o600 });
    const byAge = await timed(async () => {
      for (const value of values.slice(0, sample)) await ageOpens(key, value);
    });
    const hybrid = await pairOf(await generateHybridIdentity());
    const hybridValues = await sealedValues(hybrid, hybrid);
    const post = await measure(() =>
      openAll(hybridValues, hybrid.identities, new PlaintextCache()),
    );
    return [
      {
        ...row(`${total} secrets opened, cold`, cold),
        goal: 500,
      },
      {
        what: "the same by the clock",
        value: median(cold.ms),
        unit: "ms",
        against: {
          what: `age -d for each (${sample} timed)`,
          value: (byAge.ms * total) / sample,
        },
      },
      { ...row("the same again, unchanged: from the cache", warm), goal: 10 },
      row(`${total} secrets opened, cold, for one post-quantum key each`, post),
      await redacting(values.length),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const row = (what: string, { ms, cpuMs }: Work): Row => ({
  what,
  value: median(cpuMs),
  unit: "ms",
  note: `processor time; ${median(ms).toFixed(0)} ms by the clock at a load of ${(loadavg()[0] ?? 0).toFixed(1)}`,
});

async function sealedValues(ours: Pair, other: Pair): Promise<readonly string[]> {
  say(`  sealing ${total} values`);
  const recipients = [...new Set([...other.recipients, ...ours.recipients])];
  const values: string[] = [];
  for (let i = 0; i < total; i++)
    values.push(await seal(randomBytes(24).toString("hex"), recipients));
  return values;
}

async function openAll(
  values: readonly string[],
  identities: Identities,
  cache: PlaintextCache,
): Promise<void> {
  for (const [index, value] of values.entries()) {
    const opened = await cache.open(`blob ${index}`, value, identities);
    if ("failure" in opened) throw new Error(opened.failure.text);
  }
}

async function measure(work: () => unknown): Promise<Work> {
  await work();
  const ms: number[] = [];
  const cpuMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    ms.push((await timed(async () => void (await work()))).ms);
    const { user, system } = process.cpuUsage(before);
    cpuMs.push((user + system) / 1_000);
  }
  for (const [name, all] of [["clock", ms] as const, ["processor", cpuMs] as const])
    say(`  ${name}: ${all.map((one) => one.toFixed(1)).join(" ")} ms`);
  return { ms, cpuMs };
}

const ageOpens = (key: string, value: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = execFile("age", ["-d", "-i", key], (error) =>
      error === null ? resolve() : reject(error),
    );
    child.stdin?.end(value);
  });

/** A MiB of log, in which a thousand secrets are looked for. */
async function redacting(count: number): Promise<Row> {
  const secrets = Array.from(
    { length: count },
    (_, i) => new Secret(`app.KEY_${i}`, randomBytes(24).toString("base64")),
  );
  const redactor = new Redactor(secrets);
  const line = (i: number): string =>
    `2026-01-01 INFO request ${i} ${randomBytes(16).toString("hex")} GET /\n`;
  let log = "";
  for (let i = 0; log.length < 2 ** 20; i++) log += line(i);
  const work = await measure(() => redactor.redact(log));
  return row(`1 MiB of log searched for ${count} secrets in all their forms`, work);
}
