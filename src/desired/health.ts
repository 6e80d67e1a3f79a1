import type { AppFields } from "../generated/app.ts";
import type { ContainerSpec } from "../kinds/index.ts";
import { portsOf } from "../lib/volumes.ts";
import { wordsOf } from "../lib/words.ts";
import type { Probe } from "../model/step.ts";
import { milliseconds } from "./units.ts";

export function healthOf(
  fields: AppFields,
): Pick<ContainerSpec, "probe" | "probeIntervalMs" | "probeTimeoutMs" | "probeDeadlineMs"> {
  const health = typeof fields.health === "object" ? fields.health : {};
  return {
    probe: probeOf(fields),
    probeIntervalMs: milliseconds(health.interval ?? "1s"),
    probeTimeoutMs: milliseconds(health.timeout ?? "5s"),
    probeDeadlineMs: milliseconds(health.deadline ?? "60s"),
  };
}

function probeOf(fields: AppFields): Probe | "off" {
  const { health } = fields;
  if (health === "off") return "off";
  if (health === "engine") return { by: "engine" };
  const declared = typeof health === "object" ? health : {};
  const port = portNumber(fields.port, declared.port);
  if (declared.http !== undefined && port !== undefined)
    return { by: "http", path: declared.http, port };
  if (declared.tcp === true && port !== undefined) return { by: "tcp", port };
  if (declared.command !== undefined) return { by: "command", argv: wordsOf(declared.command) };
  if (declared.engine === true) return { by: "engine" };
  return port === undefined ? { by: "auto" } : { by: "auto", port };
}

/** A port by number or name; without a wish the first. */
function portNumber(
  ports: AppFields["port"],
  wish: number | string | undefined,
): number | undefined {
  if (typeof wish === "number") return wish;
  const named = portsOf(ports);
  return (wish === undefined ? named[0] : named.find((p) => p.name === wish))?.number;
}
