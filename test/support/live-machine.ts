import { readFile } from "node:fs/promises";
import { runSteps } from "../../src/apply/steps.ts";
import type { Kind } from "../../src/kinds/kind.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Json } from "../../src/lib/json.ts";
import { queryKey, type Answers, type AnswerValue, type Query } from "../../src/model/query.ts";
import type { Step } from "../../src/model/step.ts";
import { createFleet } from "../../src/remote/fleet.ts";
import { RemoteError, type Fleet as Remote, type Session } from "../../src/remote/session.ts";
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
  const ask = async (queries: readonly Query[]): Promise<Answers> => {
    const values = new Map<string, AnswerValue | undefined>();
    for (const query of queries) values.set(queryKey(query), await answer(session, query));
    const of = (query: Query): AnswerValue | undefined => values.get(queryKey(query));
    const textOf = (query: Query): string | undefined => {
      const value = of(query);
      return value?.form === "text" ? value.text : undefined;
    };
    return {
      text: textOf,
      names: (query) => textOf(query)?.split("\n"),
      json: (query) => {
        const value = of(query);
        return value?.form === "json" ? value.json : null;
      },
      each: (query) => {
        const value = of(query);
        return value?.form === "json" ? (value.each ?? []) : [];
      },
    };
  };
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

async function answer(session: Session, query: Query): Promise<AnswerValue | undefined> {
  if (query.ask === "engine") {
    const get = async (path: string): Promise<Json> => {
      const { status, body } = await session.engine({ method: "GET", path, timeoutMs: 60_000 });
      if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
      return body as Json;
    };
    const json = await get(query.path);
    const { each } = query;
    if (each === undefined) return { form: "json", json };
    const items = (json as { Id: string }[]).map(({ Id }) => get(each.replace("{Id}", Id)));
    return { form: "json", json, each: await Promise.all(items) };
  }
  if (query.ask === "talk") {
    const text = await session.talk({ ...query, timeoutMs: 60_000 }).catch(absent);
    return text === undefined ? undefined : { form: "text", text, code: 0 };
  }
  const argv = query.ask === "run" ? query.argv : ["cat", "--", query.path];
  const { code, stdout } = await session.exec({ argv, timeoutMs: 60_000 });
  if (code !== 0) return undefined;
  return { form: "text", text: stdout.toString("utf8"), code };
}

function absent(error: unknown): undefined {
  if (!(error instanceof RemoteError && error.class === "network")) throw error;
}
