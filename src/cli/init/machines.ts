import { UserError } from "../trouble.ts";
import { type InitMachine, placeholderAddress } from "./files.ts";

const form =
  /^([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)=(?:([a-z_][a-z0-9_.-]*)@)?(\[[0-9a-f:.]+\]|[^@:\s]+|[0-9a-f:]+:[0-9a-f:.]+)(?::(\d{1,5}))?$/i;

/** `web-1=203.0.113.10`, `web-1=deploy@203.0.113.10:2222`, `web-1=[2001:db8::1]:22`. Throws UserError. */
export function parseMachine(text: string): InitMachine {
  const [, name, user, host, port] = form.exec(text) ?? [];
  if (
    name === undefined ||
    host === undefined ||
    name !== name.toLowerCase() ||
    Number(port ?? 22) > 65_535
  )
    throw new UserError(
      "usage",
      `--machine '${text}' is not NAME=ADDRESS`,
      "As in --machine web-1=203.0.113.10, or web-1=deploy@203.0.113.10:2222; names are of a-z, 0-9 and '-'.",
    );
  return {
    name,
    address: host.replaceAll(/[[\]]/g, ""),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

/** Throws UserError for a name given twice. */
export function parseMachines(texts: readonly string[]): readonly InitMachine[] {
  if (texts.length === 0) return [{ name: "web-1", address: placeholderAddress }];
  const machines = texts.map(parseMachine);
  const twice = machines.find((m, i) => machines.findIndex(({ name }) => name === m.name) !== i);
  if (twice !== undefined) throw new UserError("usage", `--machine names ${twice.name} twice`);
  return machines;
}
