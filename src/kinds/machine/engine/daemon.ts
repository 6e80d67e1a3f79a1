import { isObject, type Json, type JsonObject } from "../../../lib/json.ts";

export const daemonFile = "/etc/docker/daemon.json";

/** What it was, as long as the engine was not told of another; empty: there was none. */
export const formerDaemonFile = `${daemonFile}.former`;

/** Undefined: no JSON, or no object. No file is an empty one, as for the engine. */
export function parseDaemon(text: string | undefined): JsonObject | undefined {
  if (text === undefined || text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const logs: JsonObject = {
  "log-driver": "json-file",
  "log-opts": { "max-size": "10m", "max-file": "3" },
};

/**
 * With what we need: containers outlive the engine. Of one that we install also a limit for logs, where nobody says anything
 * of logs; it counts for containers that are not ours. All else stays.
 */
export function wantedDaemon(have: JsonObject, isNew: boolean): JsonObject {
  const saysLogs = have["log-driver"] !== undefined || have["log-opts"] !== undefined;
  return { ...have, "live-restore": true, ...(isNew && !saysLogs ? logs : {}) };
}

export const daemonText = (value: JsonObject): string => `${JSON.stringify(value, null, 2)}\n`;

export const liveRestore = (daemon: JsonObject): Json | undefined => daemon["live-restore"];
