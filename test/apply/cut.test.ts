import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../src/lib/clock.ts";
import { StepFailure } from "../../src/apply/failure.ts";
import { runSteps, type StepContext } from "../../src/apply/steps.ts";
import type { Json } from "../../src/lib/json.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Step } from "../../src/model/step.ts";
import type { Session } from "../../src/remote/session.ts";
import { Redactor } from "../../src/secrets/redactor.ts";

const secret = "canary".repeat(40);
const redactor = new Redactor([new Secret("shop.DB_PASSWORD", secret)]);

const create: Step = { do: "engine", method: "POST", path: ["containers", "create"], timeoutMs: 1 };
const wait: Step = {
  do: "wait",
  container: "shop",
  probe: { by: "engine" },
  intervalMs: 1,
  timeoutMs: 1,
  deadlineMs: 0,
  successes: 1,
};

const inspected = (output: string): Json => ({
  Name: "/shop",
  State: { Running: true, Health: { Status: "unhealthy", Log: [{ Output: output }] } },
});

async function* framed(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    const data = Buffer.from(piece);
    const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(data.length, 4);
    yield Buffer.concat([header, data]);
  }
}

/** What is told of a step that fails, with all of its evidence. */
async function told(step: Step, machine: Partial<Session>): Promise<string> {
  const clock: Clock = { now: () => 0, sleep: () => Promise.resolve() };
  const said: string[] = [];
  const context: StepContext = {
    session: { machine: "web-1", ...machine } as Session,
    clock,
    content: () => Promise.reject(new Error("ships nothing")),
    reveal: () => Buffer.from(secret),
    redact: (text) => redactor.redact(text),
    fence: () => Promise.resolve(() => undefined),
    preempt: new AbortController().signal,
    progress: (text) => void said.push(text),
    saw: () => undefined,
  };
  const failure = await runSteps(context, [step]).catch((error: unknown) => error);
  assert.ok(failure instanceof StepFailure, String(failure));
  const { message, evidence } = failure.redacted(context.redact);
  return JSON.stringify([message, evidence ?? null, said.map(context.redact)]);
}

const noLog: Session["engineStream"] = () => Promise.reject(new Error("no log"));

/** So many characters before a secret let it begin, and end, at any place of what is kept. */
const before = (length: number): string => "x".repeat(length);

const cases: Readonly<Record<string, (length: number) => Promise<string>>> = {
  "an engine's refusal": (length) =>
    told(create, {
      engine: () =>
        Promise.resolve({ status: 400, body: { message: `${before(length)}${secret} is odd` } }),
    }),
  "an answer that is not the engine's own": (length) =>
    told(create, {
      engine: () => Promise.resolve({ status: 502, body: `${before(length)}${secret} is odd` }),
    }),
  "the output of a HEALTHCHECK": (length) =>
    told(wait, {
      engine: () =>
        Promise.resolve({ status: 200, body: inspected(`${before(length)}${secret} is odd`) }),
      engineStream: noLog,
    }),
  "what a command complains of": (length) =>
    told(
      { do: "run", argv: ["mv"], timeoutMs: 1 },
      {
        exec: () =>
          Promise.resolve({
            code: 1,
            stdout: Buffer.of(),
            stderr: Buffer.from(`${before(length)}${secret} is odd`),
          }),
      },
    ),
  "an app's last lines": (length) =>
    told(wait, {
      engine: () => Promise.resolve({ status: 200, body: inspected("") }),
      engineStream: () =>
        Promise.resolve({
          status: 200,
          headers: {},
          close: () => undefined,
          chunks: framed(
            `${before(length)}\n`.repeat(2),
            `${before(100_000)}\n${secret.slice(0, 99)}`,
            secret.slice(99),
          ),
        }),
    }),
};

for (const [what, said] of Object.entries(cases))
  test(`no half of a secret is left where ${what} is cut off`, async () => {
    for (const length of [0, 50, 99, 120, 150, 190, 250, 290, 400, 450, 499]) {
      const text = await said(length);
      assert.doesNotMatch(text, /canary/, `${length} before it: ${text}`);
    }
  });
