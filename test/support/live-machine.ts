import { readFile } from "node:fs/promises";
import { runSteps } from "../../src/apply/steps.ts";
import type { Kind } from "../../src/kinds/kind.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Answers, Query } from "../../src/model/query.ts";
import type { Step } from "../../src/model/step.ts";
import { answersOf } from "../../src/observe/answers.ts";
import { askMachine } from "../../src/observe/ask.ts";
import { createFleet } from "../../src/remote/fleet.ts";
import type { Fleet as Remote, Session } from "../../src/remote/session.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { about, planFor, type Planned } from "./converge.ts";
import { pretended } from "./secrets.ts";

/** A machine of the test fleet as kinds see it: asked and changed through the connection that Slipway uses. */
export interface LiveMachine {
  readonly session: Session;
  readonly blobs: Map<string, string>;
  ask(queries: readonly Query[]): Promise<Answers>;
  run(steps: readonly Step[]): Promise<void>;
  plan<S, T>(kind: Kind<S, T>, want: S | undefined, key?: string): Promise<Planned | undefined>;
  close(): Promise<void>;
}

export async function liveMachine(fleet: Fleet, name: string): Promise<LiveMachine> {
  const { address, hostKey } = fleet.machine(name);
  const text = await readFile(fleet.sshKeyFile, "utf8");
  const remote: Remote = createFleet({ privateKeys: [{ text, source: "key" }] });
  const engineSocket = "/var/run/docker.sock";
  const target = { machine: name, address, port: 22, user: "root", hostKey, engineSocket };
  const session = await remote.session(target);
  const blobs = new Map<string, string>();
  const ask = async (queries: readonly Query[]): Promise<Answers> =>
    answersOf(await askMachine(session, queries));
  return {
    session,
    blobs,
    ask,
    run: (steps) =>
      runSteps(
        {
          session,
          clock: systemClock,
          content: async (blob) => Buffer.from(blobs.get(blob) ?? ""),
          reveal: (text) => Buffer.from(pretended(text)),
          redact: (text) => text,
          fence: async () => () => {},
          preempt: new AbortController().signal,
          progress: () => {},
          saw: () => undefined,
        },
        steps,
      ),
    plan: async (kind, want, key) => planFor(kind, await ask(kind.observe(about)), want, key),
    close: () => remote.close(),
  };
}
