import { privateAddressOf } from "../../lib/ip.ts";
import type { Machine } from "../machine.ts";

/** The address that the other machines use; `none` where there is none, `unknown` where it could not be read. */
export type PrivateAddress = string;

export function privateAddressOn({ fields, lacks, knows }: Machine): PrivateAddress {
  if (fields.wireguard?.address !== undefined) return privateAddressOf(fields) ?? "unknown";
  if (!lacks(["wireguard"])) return "unknown";
  if (fields.privateAddress !== undefined) return fields.privateAddress;
  if (!lacks(["privateAddress"]) || !knows(["address"]) || fields.address === undefined)
    return "unknown";
  return privateAddressOf({ address: fields.address }) ?? "none";
}
