import { UserError } from "../trouble.ts";

/** Where a machine is reached for the first time. */
export interface FirstHost {
  readonly address: string;
  readonly port: number;
  readonly user: string;
}

const form =
  /^(?:([a-z_][a-z0-9_.-]*)@)?(\[[0-9a-f:.]+\]|[^@:\s/]+|[0-9a-f:]+:[0-9a-f:.]+)(?::(\d{1,5}))?$/i;

/** `203.0.113.10`, `ubuntu@203.0.113.10:2222`, `[2001:db8::1]:22`; root where nobody is named. Throws UserError. */
export function parseHost(text: string): FirstHost {
  const [, user = "root", host, port = "22"] = form.exec(text) ?? [];
  if (host === undefined || host.startsWith("-") || Number(port) > 65_535 || Number(port) < 1)
    throw new UserError(
      "usage",
      `'${text}' is no [user@]host[:port]`,
      "As in 203.0.113.10, or ubuntu@203.0.113.10:2222.",
    );
  return { address: host.replaceAll(/[[\]]/g, ""), port: Number(port), user };
}

const nameForm = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** What it is called: as told, else what it calls itself. Throws UserError. */
export function machineName(given: string | undefined, hostName: string): string {
  const name = given ?? hostName.toLowerCase().split(".", 1)[0] ?? "";
  if (nameForm.test(name) && (given !== undefined || name !== "localhost")) return name;
  throw new UserError(
    "usage",
    given === undefined ? `it calls itself '${hostName}'` : `'${given}' is no name for a machine`,
    "Give a name with --name NAME: a-z, 0-9 and '-', at most 40.",
  );
}

const userForm = /^[a-z_][a-z0-9_.-]{0,31}$/;

/** Throws UserError. */
export function loginUser(given = "deploy"): string {
  if (userForm.test(given)) return given;
  throw new UserError("usage", `'${given}' is no name for a user`);
}

/** `role=web`, a key several times for a list. Throws UserError. */
export function parseLabels(texts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const labels = new Map<string, readonly string[]>();
  for (const text of texts) {
    const [, key, value] =
      /^([A-Za-z0-9][A-Za-z0-9._/-]{0,62})=([A-Za-z0-9._/-]{1,63})$/.exec(text) ?? [];
    if (key === undefined || value === undefined)
      throw new UserError("usage", `--label '${text}' is not KEY=VALUE`, "As in --label role=web.");
    labels.set(key, [...(labels.get(key) ?? []), value]);
  }
  return labels;
}
