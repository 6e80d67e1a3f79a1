import { privateAddressOf } from "../../lib/ip.ts";
import type { Machine } from "../machine.ts";

/** The address that the other machines use; `none` where there is none, `unknown` where it could not be read. */
export type PrivateAddress = string;

export function privateAddressOn({ fields, lacks, knows }: Machine): PrivateAddress {
  if (fields.privateAddress !== undefined) return fields.privateAddress;
  if (fields.wireguard?.address !== undefined && lacks(["privateAddress"]))
    return privateAddressOf(fields) ?? "unknown";
  if (
    !lacks(["privateAddress"]) ||
    !lacks(["wireguard"]) ||
    !knows(["address"]) ||
    fields.address === undefined
  )
    return "unknown";
  return privateAddressOf({ address: fields.address }) ?? "none";
}
