import type { Json } from "../../lib/json.ts";
import { rangeOf, type AddressRange } from "../../lib/subnet.ts";
import type { Answers } from "../../model/query.ts";
import type { Kind } from "../kind.ts";
import { ofOtherFleet, ofRenamedApp } from "../shared/clash.ts";
import { labelOf, readContainer } from "../shared/container/live.ts";
import { difference } from "../shared/difference.ts";
import { containersQuery, infoQuery, networksQuery, post, removeThing } from "../shared/engine.ts";
import { label, labels } from "../shared/labels.ts";
import { optional } from "../shared/optional.ts";
import { listAt, optionalString, stringAt } from "../shared/reader.ts";

/** A bridge of ours. */
export interface NetworkSpec {
  /** The engine's name: `slipway-acme`, or `slipway-acme-shop` for a family with services. */
  readonly network: string;
  readonly app?: string;
  readonly family?: string;
  /** Another family that has it, as it was called like this one when it was made. */
  readonly takenBy?: string;
  /** How it is made: which network, and which of its addresses the engine gives. Without it the engine chooses. */
  readonly range?: AddressRange;
}

export interface NetworkState {
  readonly id: string;
  readonly network: string;
  readonly driver: string;
  readonly owned: boolean;
  /** Whose it is, if it is another fleet's. */
  readonly fleet?: string;
  readonly app?: string;
  readonly family?: string;
  /** IPv4, as CIDR. */
  readonly subnet?: string;
  /** The machine's own address on it. */
  readonly gateway?: string;
  /** Of one that was made with it: the rest of its addresses is ours to give. */
  readonly range?: AddressRange;
  /** A job that was left to end is on it. */
  readonly isInUse?: true;
}

export const network: Kind<NetworkSpec, NetworkState> = {
  id: "app/network",
  summary: "A bridge for the containers of a fleet, or of one app file with services.",
  declaredIn: [],
  name: (spec) => spec.network,
  key: (spec) => spec.network,
  observe: () => [networksQuery, infoQuery, containersQuery],
  read: (answers, about) => {
    // What an engine was told to cut networks from must be known before one is made.
    answers.json(infoQuery);
    const networks = new Map<string, NetworkState>();
    const inUse = usedByJobs(answers);
    for (const item of listAt(answers.json(networksQuery))) {
      const fleet = optionalString(item, "Labels", label.fleet);
      const owned = fleet === about.fleet;
      const [ipv4] = listAt(item, "IPAM", "Config").filter(
        (config) => optionalString(config, "Subnet")?.includes(":") === false,
      );
      const state = {
        id: stringAt(item, "Id"),
        network: stringAt(item, "Name"),
        driver: stringAt(item, "Driver"),
        owned,
        ...optional("fleet", owned ? undefined : fleet),
        ...optional("app", owned ? optionalString(item, "Labels", label.app) : undefined),
        ...optional("family", owned ? optionalString(item, "Labels", label.family) : undefined),
        ...optional("subnet", optionalString(ipv4, "Subnet")),
        ...optional("gateway", optionalString(ipv4, "Gateway")),
        ...optional("range", owned ? readRange(ipv4) : undefined),
        ...(owned && inUse.has(stringAt(item, "Name")) ? { isInUse: true as const } : {}),
      };
      // An engine allows two networks of one name: ours is the one that counts.
      if (owned || !networks.has(state.network)) networks.set(state.network, state);
    }
    return networks;
  },
  owner: (state) =>
    state.owned
      ? {
          ...optional("app", state.app),
          ...optional("family", state.family),
          name: state.network,
        }
      : undefined,
  clash: (want, have) => {
    const thing = `network ${want.network}`;
    const { takenBy, family } = want;
    if (takenBy !== undefined) return ofRenamedApp(thing, takenBy, family ?? "");
    const needs =
      family === undefined
        ? "another name for one of the fleets"
        : `another name for app ${family}`;
    return have?.fleet === undefined ? undefined : ofOtherFleet(thing, have.fleet, needs);
  },
  diff: (want, have) => {
    if (want === undefined) {
      return have?.owned === true && have.isInUse !== true
        ? difference("delete", "undeclared", `network ${have.network} is not declared`)
        : undefined;
    }
    return have === undefined
      ? difference("create", "missing", `there is no network ${want.network}`)
      : undefined;
  },
  apply: ({ want, have }, facts) => {
    if (want === undefined) return have === undefined ? [] : [removeThing("networks", have.id)];
    const body = {
      Name: want.network,
      Driver: "bridge",
      CheckDuplicate: true,
      ...optional("IPAM", want.range && ipam(want.range)),
      Labels: labels({
        [label.fleet]: facts.fleet,
        [label.app]: want.app,
        [label.family]: want.family,
      }),
    };
    return [post(["networks", "create"], { body })];
  },
  redact: (state) => state,
};

const usedByJobs = (answers: Answers): ReadonlySet<string> =>
  new Set(
    answers.each(containersQuery).flatMap((inspect) => {
      if (labelOf(inspect, label.job) === undefined) return [];
      const { running, networks } = readContainer(inspect);
      return running ? networks : [];
    }),
  );

const ipam = ({ subnet, gateway, dynamic }: AddressRange) => ({
  Driver: "default",
  Config: [{ Subnet: subnet, Gateway: gateway, IPRange: dynamic }],
});

/** Undefined for one that the engine shares out in another way: it would give our addresses to others. */
function readRange(config: Json | undefined): AddressRange | undefined {
  const range = rangeOf(optionalString(config, "Subnet") ?? "");
  return range?.dynamic === optionalString(config, "IPRange") ? range : undefined;
}
