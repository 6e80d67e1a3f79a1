import { sealedShown } from "../../src/model/sealed.ts";
import type { Bound, EngineStep, Step } from "../../src/model/step.ts";

/** Steps as lines to read and compare: one a step, an attempt's indented. */
export const linesOf = (steps: readonly Step[]): readonly string[] =>
  steps.flatMap((step) => lines(step));

const ref = (segment: string | Bound): string =>
  typeof segment === "string" ? segment : `<${segment.bound}>`;

const json = (value: unknown): string => (value === undefined ? "" : ` ${JSON.stringify(value)}`);

const secrets = (texts: EngineStep["secretEnv"]): string =>
  texts === undefined
    ? ""
    : ` with ${Object.entries(texts)
        .map(([name, text]) => `${name}=${sealedShown(text)}`)
        .join(" ")}`;

function lines(step: Step): readonly string[] {
  switch (step.do) {
    case "dead-man":
      return [
        `within ${step.confirmMs} ms after a new connection, else ${JSON.stringify(step.restore)}: ${step.of}`,
        ...linesOf(step.steps).map((line) => `  ${line}`),
      ];
    case "attempt":
      return [
        "attempt",
        ...linesOf(step.steps).map((line) => `  ${line}`),
        "otherwise",
        ...linesOf(step.otherwise).map((line) => `  ${line}`),
      ];
    case "engine": {
      const query = step.query ? `?${new URLSearchParams(step.query).toString()}` : "";
      const bind = step.bind === undefined ? "" : ` -> <${step.bind}>`;
      return [
        `${step.method} /${step.path.map(ref).join("/")}${query}${json(step.body)}${secrets(step.secretEnv)}${bind}`,
      ];
    }
    case "put": {
      const how = [
        step.mode,
        step.owner ?? "root",
        ...(step.inPlace === true ? ["in place"] : []),
      ].join(" ");
      return [`put ${step.path} (${how})${json(step.content)}${json(step.entries)}`];
    }
    case "run":
      return [`run ${JSON.stringify(step.argv)}`];
    case "wait":
      return [
        `wait for ${ref(step.container)}: ${step.successes} times${json(step.probe)} within ${step.deadlineMs} ms`,
      ];
    case "finish":
      return [`finish ${ref(step.container)} within ${step.deadlineMs} ms`];
    case "leave":
      return [`leave ${ref(step.container)} within ${step.patienceMs} ms, or later`];
    case "pull":
      return [`pull ${step.image}${step.login === undefined ? "" : ` with${json(step.login)}`}`];
    case "remove":
      return [`remove ${step.path}`];
    case "mark":
      return [`mark ${step.text}`];
    case "watch":
      return [`watch ${ref(step.container)} for ${step.forMs} ms${json(step.judged)}`];
    case "talk":
      return [`talk to ${step.socket}${json(step.text)}${json(step.until)}`];
    case "switch":
      return [
        `switch${json(step.traffic)} to ${ref(step.container)}${step.share === undefined ? "" : ` for ${step.share} %`}`,
      ];
    case "drain":
      return [
        `drain ${step.address}${json(step.traffic)} within ${step.requestsMs} ms, streams ${step.streamsMs} ms`,
      ];
    case "canary":
      return ["canary", ...linesOf(step.steps).map((line) => `  ${line}`)];
    case "certify": {
      const by =
        step.by === "authority"
          ? `${json(step.authority)}, answered by ${step.machines.join(", ")}`
          : "";
      return [`certify ${step.hosts.join(", ")} by ${step.by}${by} -> ${step.path}`];
    }
    case "load":
      return [
        `load ${step.path} as ${step.file} by ${step.socket}${step.list === undefined ? "" : ` into ${step.list.path} for ${step.list.host}`}`,
      ];
    case "reboot":
      return [`reboot from ${step.boot} within ${step.deadlineMs} ms`];
    case "room":
      return [`room of ${step.diskBytes} bytes in ${step.folder}${json(step.beside)}`];
  }
}
