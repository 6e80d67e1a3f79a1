import { resourceAddress } from "../../src/model/address.ts";
import { noDisruption, type Change } from "../../src/model/change.ts";

/** A change with what a test does not care about filled in. */
export function changeOf(
  machine: string,
  kind: string,
  app: string | undefined,
  name: string,
  more: Partial<Change> = {},
): Change {
  return {
    action: "create",
    address: resourceAddress(machine, kind, app, name),
    kind,
    machine,
    name,
    ...(app === undefined ? {} : { app, family: app }),
    reason: { code: "missing", text: "missing" },
    fields: [],
    disruption: noDisruption,
    steps: [],
    ...more,
  };
}

export const deletion = (
  machine: string,
  app: string,
  kind = "app/container",
  name = "1",
): Change =>
  changeOf(machine, kind, app, name, {
    action: "delete",
    reason: { code: "undeclared", text: "not declared" },
  });
