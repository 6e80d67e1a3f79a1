import { listJobs } from "./sim/jobs.ts";
import { isObject, type Json } from "../../src/lib/json.ts";
import { Unreadable } from "../../src/model/live.ts";
import { parseServed, servedLabel } from "../../src/model/served.ts";
import type { Answer, Answers, Query } from "../../src/model/query.ts";
import type {
  Bound,
  Content,
  EngineStep,
  Step,
  SwitchStep,
  TalkStep,
} from "../../src/model/step.ts";
import { certified, listCertificates } from "./sim/certificates.ts";
import { SimDisk } from "./sim/disk.ts";
import { SimEngine, type SimContainer, type SimImage } from "./sim/engine.ts";
import { proxySums } from "./sim/proxy-files.ts";
import { pretended } from "./secrets.ts";

export type { SimContainer, SimImage } from "./sim/engine.ts";

/** The controller died: nothing after this step was done. */
export class Cut extends Error {
  override readonly name = "Cut";
}

/** A step was refused. */
export class StepRefused extends Error {
  override readonly name = "StepRefused";
}

export interface RunOptions {
  /** So many steps are done, then the controller dies. Steps of an attempt count one by one. */
  readonly cutAfter?: number;
  /** The step with this number is refused, as by an engine in trouble. */
  readonly refuseAt?: number;
  /** Called after each step that was done. */
  readonly onStep?: (step: Step) => void;
}

export interface Ran {
  readonly state: "done" | "failed" | "cut";
  /** Steps that were done. */
  readonly count: number;
  readonly why?: string;
}

/**
 * One machine in memory: answers the questions that kinds ask and does the steps that they say, with the engine's
 * own refusals. Time passes only from step to step.
 */
export class EngineSim implements Answers {
  readonly disk = new SimDisk();
  readonly engine: SimEngine = new SimEngine(this.disk);
  /** Content of blobs. */
  readonly blobs = new Map<string, string>();
  /** What a probe of a running container finds. */
  healthy: (container: SimContainer) => boolean = () => true;
  /** With which code a container ends that is waited for. */
  exitCode: (container: SimContainer) => number = () => 0;
  /** Images that can be pulled, by reference. */
  readonly registry = new Map<string, SimImage>();

  answer(query: Query): Answer {
    switch (query.ask) {
      case "read": {
        const text = this.disk.read(query.path);
        return text === undefined ? { state: "absent" } : textAnswer(text);
      }
      case "list": {
        const names = this.disk.below(query.path).filter((path) => path !== query.path);
        return this.disk.exists(query.path) ? textAnswer(names.join("\n")) : { state: "absent" };
      }
      case "run":
        return textAnswer(this.command(query.argv));
      case "talk": {
        const answer = this.engine.proxyAt(query.path)?.say(query.text);
        return answer === undefined ? { state: "absent" } : textAnswer(answer);
      }
      case "engine": {
        const { status, body } = this.engine.get(query.path);
        if (status !== 200) return { state: "unknown", why: `status ${status}` };
        const { each } = query;
        if (each === undefined) return { state: "answered", value: { form: "json", json: body } };
        const items = (Array.isArray(body) ? body : []).map((item: Json) =>
          this.engine.get(fill(each, item)),
        );
        const found = items.filter((i) => i.status === 200).map((i) => i.body);
        return { state: "answered", value: { form: "json", json: body, each: found } };
      }
    }
  }

  text(query: Query): string | undefined {
    const value = this.value(query);
    return value?.form === "text" ? value.text : undefined;
  }

  names(query: Query): readonly string[] | undefined {
    return this.text(query)?.split("\n");
  }

  json(query: Query): Json {
    const value = this.value(query);
    return value?.form === "json" ? value.json : null;
  }

  each(query: Query): readonly Json[] {
    const value = this.value(query);
    return value?.form === "json" ? (value.each ?? []) : [];
  }

  /** Does the steps. Never throws for what a step may run into. */
  run(steps: readonly Step[], options: RunOptions = {}): Ran {
    const run = new SimRun(this, options);
    try {
      run.all(steps);
      return { state: "done", count: run.count };
    } catch (error) {
      if (error instanceof Cut) return { state: "cut", count: run.count };
      if (error instanceof StepRefused)
        return { state: "failed", count: run.count, why: error.message };
      throw error;
    }
  }

  private value(query: Query) {
    const answer = this.answer(query);
    if (answer.state === "unknown") throw new Unreadable(answer.why);
    return answer.state === "answered" ? answer.value : undefined;
  }

  private command(argv: readonly string[]): string {
    const [command, , script = "", , argument = ""] = argv;
    if (command === "sh" && script.includes("certs.next"))
      return listCertificates(this.disk, argument);
    if (command === "sh" && script.includes("echo sums")) return this.disk.listing(argument);
    if (command === "sh" && script.includes("/hosts")) return this.disk.hostsSums(argument);
    if (command === "sh" && script.includes('cd -- "$1/proxy"'))
      return proxySums(this.disk, argument);
    if (command === "sh" && script.includes("systemctl show"))
      return listJobs(this.disk, argv.slice(4));
    // Of what a machine is by itself it has nothing, and says so as the kinds' scripts do.
    if (command === "sh" && script.endsWith("echo end\n")) return "end\n";
    throw new Error(`the simulator does not know ${argv.join(" ")}`);
  }
}

const textAnswer = (text: string): Answer => ({
  state: "answered",
  value: { form: "text", text, code: 0 },
});

const fill = (path: string, item: Json): string =>
  path.replace(/\{(\w+)\}/g, (_, field: string) =>
    encodeURIComponent(String((item as Record<string, Json>)[field])),
  );

/** How many steps there are, an attempt's way back not counted. */
export const countSteps = (steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + (step.do === "attempt" ? countSteps(step.steps) : 1), 0);

class SimRun {
  count = 0;
  private readonly sim: EngineSim;
  private readonly options: RunOptions;
  private readonly bindings = new Map<string, string>();

  constructor(sim: EngineSim, options: RunOptions) {
    this.sim = sim;
    this.options = options;
  }

  all(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.do === "attempt") this.attempt(step.steps, step.otherwise);
      else this.one(step);
    }
  }

  private attempt(steps: readonly Step[], otherwise: readonly Step[]): void {
    try {
      this.all(steps);
    } catch (error) {
      if (!(error instanceof StepRefused)) throw error;
      this.all(otherwise);
      throw error;
    }
  }

  private one(step: Exclude<Step, { do: "attempt" }>): void {
    if (this.count === this.options.cutAfter) throw new Cut();
    if (this.count === this.options.refuseAt) {
      this.count += 1;
      throw new StepRefused(`${step.do}: trouble`);
    }
    this.perform(step);
    this.count += 1;
    this.options.onStep?.(step);
  }

  private perform(step: Exclude<Step, { do: "attempt" }>): void {
    const { disk, engine } = this.sim;
    switch (step.do) {
      case "engine":
        return this.call(step);
      case "pull": {
        const image = this.sim.registry.get(step.image);
        if (image === undefined) throw new StepRefused(`manifest for ${step.image} not found`);
        if (!engine.images.includes(image)) engine.images.push(image);
        return;
      }
      case "put":
        return disk.put(step, (content) => this.contentOf(content));
      case "remove":
        return disk.remove(step.path);
      case "run":
        return disk.run(step);
      case "wait": {
        const container = this.container(step.container);
        if (container.status !== "running" || !this.sim.healthy(container))
          throw new StepRefused(`${container.name} is not healthy`);
        return;
      }
      case "finish": {
        const container = this.container(step.container);
        if (engine.isRunning(container)) {
          container.exitCode = this.sim.exitCode(container);
          container.status = "exited";
        }
        if (container.exitCode !== 0)
          throw new StepRefused(`${container.name} ended with ${container.exitCode}`);
        return;
      }
      // How long it takes is not known here.
      case "leave":
        return;
      case "certify":
        return disk.write(step.path, certified(step), 0o600);
      case "load": {
        const text = disk.read(step.path);
        if (text === undefined) throw new StepRefused(`${step.path} is not there`);
        return engine.proxyAt(step.socket)?.load(step.file, text, step.list?.host);
      }
      case "mark":
      case "room":
      case "watch":
      case "reboot":
        return;
      case "drain": {
        const { traffic, address } = step;
        return engine
          .proxyAt(`${traffic.proxy}/run/admin.sock`)
          ?.withdraw(address, traffic.proxy, disk);
      }
      case "talk":
        return this.talk(step);
      case "switch":
        return this.switchTo(step);
      case "canary":
      case "dead-man":
        return this.all(step.steps);
    }
  }

  private call(step: EngineStep): void {
    const path = step.path.map((segment) => this.resolve(segment));
    const sent = withSecrets(step);
    const { status, body } = this.sim.engine.call(step.method, path, step.query ?? {}, sent);
    if (status >= 300 && !(step.accept ?? []).includes(status))
      throw new StepRefused(
        `${step.method} /${path.join("/")}: ${JSON.stringify(body)} (${status})`,
      );
    if (step.bind !== undefined) this.bindings.set(step.bind, (body as { Id: string }).Id);
  }

  private talk({ socket, text, until = "" }: TalkStep): void {
    const answer = this.sim.engine.proxyAt(socket)?.say(text);
    if (answer?.includes(until) !== true)
      throw new StepRefused(`${JSON.stringify(answer)} of ${socket}`);
  }

  private switchTo({ traffic, container, share = 100 }: SwitchStep): void {
    const { disk, engine } = this.sim;
    const proxy = engine.proxyAt(`${traffic.proxy}/run/admin.sock`);
    if (proxy === undefined) throw new StepRefused("no proxy runs");
    const { address, body } = this.container(container);
    const said = isObject(body["Labels"]) ? body["Labels"][servedLabel] : undefined;
    const served = typeof said === "string" ? parseServed(said) : undefined;
    proxy.switchTo(traffic, { address, served }, share, disk);
  }

  private container(ref: string | Bound): SimContainer {
    const found = this.sim.engine.find(this.resolve(ref));
    if (found === undefined) throw new StepRefused("no such container");
    return found;
  }

  private resolve(ref: string | Bound): string {
    if (typeof ref === "string") return ref;
    const id = this.bindings.get(ref.bound);
    if (id === undefined) throw new Error(`nothing is bound to ${ref.bound}`);
    return id;
  }

  private contentOf(content: Content): string {
    if ("text" in content) return content.text;
    if ("sealed" in content) return pretended(content.sealed);
    const text = this.sim.blobs.get(content.blob);
    if (text === undefined) throw new Error(`no blob ${content.blob}`);
    return text;
  }
}

/** As it is sent: with what its secret variables hold. */
function withSecrets({ body, secretEnv }: EngineStep): EngineStep["body"] {
  if (secretEnv === undefined) return body;
  const { Env: env } = body as { readonly Env: readonly string[] };
  const secret = Object.entries(secretEnv).map(([name, text]) => `${name}=${pretended(text)}`);
  return { ...(body as object), Env: [...env, ...secret] };
}
