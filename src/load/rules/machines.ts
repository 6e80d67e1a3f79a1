import { didYouMean } from "../../lib/suggest.ts";
import { ipVersion, isLoopback, isUnspecified } from "../../lib/ip.ts";
import type { Machine } from "../machine.ts";
import { isWholeKey } from "../public-key.ts";
import { cyclesOf } from "./cycles.ts";
import { placeOf, type Rule } from "./repo.ts";

/** Reports every machine that has the same as one before it. */
function duplicates(
  code: "duplicate-address" | "duplicate-host-key",
  key: string,
  of: (machine: Machine) => string | undefined,
): Rule {
  return ({ machines }, report) => {
    const first = new Map<string, Machine>();
    for (const machine of machines.values()) {
      const value = of(machine);
      const other = value === undefined ? undefined : first.get(value);
      if (value !== undefined && other === undefined) first.set(value, machine);
      if (other === undefined) continue;
      report(
        code,
        machine.at([key]),
        `machine '${other.name}' has the same ${key} (${placeOf(other.at([key]))})`,
      );
    }
  };
}

/** One address may stand for several machines only behind different ports or jump hosts. */
export const addressesDiffer = duplicates("duplicate-address", "address", ({ fields, knows }) => {
  const { address, ssh } = fields;
  if (address === undefined || !isAddress(address)) return undefined;
  if (!knows(["ssh", "port"]) || !knows(["ssh", "jump"])) return undefined;
  return JSON.stringify([address.toLowerCase(), ssh?.port ?? 22, ssh?.jump ?? ""]);
});

export const privateAddressesDiffer = duplicates(
  "duplicate-address",
  "privateAddress",
  ({ fields: { privateAddress: address } }) =>
    address === undefined || whyUnusable(address) !== undefined ? undefined : address,
);

export const hostKeysDiffer = duplicates(
  "duplicate-host-key",
  "hostKey",
  ({ fields: { hostKey } }) =>
    hostKey === undefined || !isWholeKey(hostKey) ? undefined : hostKey.split(" ", 2).join(" "),
);

export const hostKeysAreKeys: Rule = ({ machines }, report) => {
  for (const { fields, at } of machines.values()) {
    const { hostKey } = fields;
    if (hostKey === undefined || isWholeKey(hostKey)) continue;
    const [type = ""] = hostKey.split(" ");
    report(
      "bad-host-key",
      at(["hostKey"]),
      `this is not a whole ${type} key; copy it from \`ssh-keyscan -t ${type.replace(/^ssh-/, "")} HOST\``,
    );
  }
};

export const addressesAreAddresses: Rule = ({ machines }, report) => {
  for (const { fields, at } of machines.values()) {
    const { address } = fields;
    if (address === undefined || isAddress(address)) continue;
    report("bad-format", at(["address"]), `address ${address} is not an IP address`);
  }
};

/** What is made of digits and dots is meant as an address, and what has colons too. */
const isAddress = (address: string): boolean =>
  !/^[\d.]+$|:/.test(address) || ipVersion(address) !== undefined;

export const privateAddressesAreUsable: Rule = ({ machines }, report) => {
  for (const { fields, at } of machines.values()) {
    const address = fields.privateAddress;
    const why = address === undefined ? undefined : whyUnusable(address);
    if (address !== undefined && why !== undefined)
      report("bad-private-address", at(["privateAddress"]), `privateAddress ${address} ${why}`);
  }
};

function whyUnusable(address: string): string | undefined {
  if (ipVersion(address) === undefined) return "is not an IP address";
  return isLoopback(address) || isUnspecified(address)
    ? "cannot be reached from other machines"
    : undefined;
}

export const jumpsExist: Rule = ({ machines, unlisted }, report) => {
  if (unlisted.machines) return;
  for (const { fields, at } of machines.values()) {
    const jump = fields.ssh?.jump;
    if (jump === undefined || machines.has(jump)) continue;
    report(
      "unknown-jump",
      at(["ssh", "jump"]),
      () => `there is no machine '${jump}'${didYouMean(jump, machines.keys())}`,
    );
  }
};

export const jumpsEnd: Rule = ({ machines }, report) => {
  const edges = new Map(
    [...machines.values()].map(({ name, fields }) => [
      name,
      fields.ssh?.jump === undefined ? [] : [fields.ssh.jump],
    ]),
  );
  for (const cycle of cyclesOf(edges)) {
    const [first = ""] = cycle;
    const where = machines.get(first)?.at(["ssh", "jump"]);
    if (where !== undefined)
      report(
        "jump-cycle",
        where,
        `jumping goes around in a circle: ${[...cycle, first].join(" → ")}`,
      );
  }
};

export const machineAftersExist: Rule = ({ machines, unlisted }, report) => {
  if (unlisted.machines) return;
  for (const { fields, at } of machines.values())
    for (const [index, name] of (fields.after ?? []).entries())
      if (!machines.has(name))
        report(
          "unknown-after",
          at(["after", index]),
          () => `there is no machine '${name}'${didYouMean(name, machines.keys())}`,
        );
};

export const machineAftersEnd: Rule = ({ machines }, report) => {
  const edges = new Map(
    [...machines.values()].map(({ name, fields }) => [name, fields.after ?? []]),
  );
  for (const cycle of cyclesOf(edges)) {
    const [first = "", second = first] = cycle;
    const machine = machines.get(first);
    const where = machine?.at(["after", machine.fields.after?.indexOf(second) ?? 0]);
    const text =
      cycle.length === 1
        ? `'${first}' waits for itself`
        : `these wait for each other: ${[...cycle, first].join(" → ")}`;
    if (where !== undefined) report("after-cycle", where, text);
  }
};
