import type { Field } from "../../model/change.ts";
import { openingText } from "../../lib/opening.ts";
import { listed } from "../../lib/text.ts";
import type { Facts } from "../../model/resource.ts";
import type { Clash, Kind } from "../kind.ts";
import { difference } from "../shared/difference.ts";
import { firewallQuery, kindId, readFirewall } from "./firewall/query.ts";
import {
  closedOn,
  knownIn,
  openedBy,
  openedIn,
  rulesOf,
  stillOpen,
  tableOf,
  widenedBy,
} from "./firewall/rules.ts";
import type { FirewallSpec, FirewallState } from "./firewall/state.ts";
import { bootSteps, bootUnit, leavingSteps, tableSteps } from "./firewall/steps.ts";

export type { FirewallSpec } from "./firewall/state.ts";

export const firewall: Kind<FirewallSpec, FirewallState> = {
  id: kindId,
  summary: "What comes in to the machine from outside: a table of nftables of its own.",
  declaredIn: ["/machines/firewall"],
  name: () => "",
  key: () => "",
  observe: (about) => [firewallQuery(about)],
  read: (answers, about) => {
    const state = readFirewall(answers, about);
    return new Map(state === undefined ? [] : [["", state]]);
  },
  owner: ({ isOurs }) => (isOurs ? { name: "" } : undefined),
  clash: (want, have) => have && clashOf(want, have),
  tells: (_, have) => (have?.isFlushed ? flushed : undefined),
  widens: (want, have) => {
    if (want !== undefined) return have === undefined ? [] : widenedBy(want, have);
    return openedIn(have?.rules) === undefined ? [] : ["all ports"];
  },
  narrowed: (want, have) => ({ ...want, allow: knownIn(want, have) }),
  diff: (want, have, facts) => {
    if (want === undefined)
      return have?.isOurs
        ? difference("delete", "undeclared", "a firewall is no longer declared: all is open again")
        : undefined;
    if (have === undefined) return undefined;
    const fields = [...tableFields(want, have, facts), ...bootFields(have, facts)];
    if (fields.length === 0) return undefined;
    return have.rules === undefined
      ? difference("create", "missing", startingText(want, have), fields)
      : difference("update", "changed", `${changedText(have)}${stayingText(want, have)}`, fields);
  },
  tried: ({ leaving: _, ...declared }) => declared,
  apply: ({ want, have }, facts) => {
    if (want === undefined || have === undefined) return leavingSteps(facts);
    const isMade = tableFields(want, have, facts).length === 0;
    return [
      ...(isMade ? [] : tableSteps(facts, rulesOf(facts.fleet, want, have))),
      ...(bootFields(have, facts).length === 0 ? [] : bootSteps(facts)),
    ];
  },
  redact: (state) => state,
};

function clashOf(want: FirewallSpec, have: FirewallState): Clash | undefined {
  if (have.rival !== undefined) {
    const { rival } = have;
    return {
      text: `${rival} minds the ports there, and both would not know of each other`,
      needs:
        rival === "ufw"
          ? "`ufw disable` there, or no firewall in the machine's file"
          : "`systemctl disable --now firewalld` there, or no firewall in the machine's file",
    };
  }
  if (closedOn(want, have).length > 0) return undefined;
  return {
    text: "none of its interfaces has a default route or holds its address, so there is nothing to close",
    needs: "an address that one of its interfaces holds",
  };
}

/** Told as long as it lasts. The engine makes them anew when it starts, which is not for us to have done. */
const flushed: Clash = {
  text: "the engine's own rules are gone, so that published ports and containers' networks do not work",
  needs: "a restart of the engine there: `systemctl restart docker`",
};

function startingText(want: FirewallSpec, have: FirewallState): string {
  const links = closedOn(want, have).join(", ");
  const atBoot =
    have.boot === undefined ? "; after a reboot only from the next pass on, without systemd" : "";
  return `${links} ${closedOn(want, have).length > 1 ? "are" : "is"} closed but for what is declared${atBoot}`;
}

function changedText({ table, made }: FirewallState): string {
  if (table === undefined) return "the firewall's table is gone";
  return made !== undefined && !isSame(table, made)
    ? "the firewall's rules were changed by hand"
    : "the firewall is not as declared";
}

function stayingText(want: FirewallSpec, have: FirewallState): string {
  const open = stillOpen(want, have).map(openingText);
  return open.length === 0
    ? ""
    : `; ${listed(open)} is closed once the container that has it was replaced`;
}

function tableFields(want: FirewallSpec, have: FirewallState, { fleet }: Facts): readonly Field[] {
  const rules = rulesOf(fleet, want, have);
  const { table, made } = have;
  if (have.rules === undefined)
    return openedBy(want, have).map((one) => ({
      path: "open",
      declared: openingText(one),
    }));
  if (have.rules !== rules) return lineFields(rules.split("\n"), have.rules.split("\n"));
  if (table === undefined) return [{ path: "table", declared: tableOf(fleet) }];
  return made === undefined ? [{ path: "made", declared: "as listed" }] : lineFields(made, table);
}

const mostLines = 20;

/** Rules that are in one of both; in another order they are one field that says so. */
function lineFields(declared: readonly string[], live: readonly string[]): readonly Field[] {
  if (isSame(declared, live)) return [];
  const rulesIn = (lines: readonly string[]) =>
    new Set(lines.map((line) => line.trim()).filter((line) => /(?:accept|drop)$/.test(line)));
  const [wanted, there] = [rulesIn(declared), rulesIn(live)];
  const fields = [
    ...[...wanted.difference(there)].map((line): Field => ({
      path: "rule",
      declared: line,
    })),
    ...[...there.difference(wanted)].map((line): Field => ({
      path: "rule",
      live: line,
    })),
  ];
  return fields.length === 0
    ? [{ path: "rules", declared: "as declared", live: "otherwise" }]
    : fields.slice(0, mostLines);
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((line, i) => line === other[i]);

function bootFields({ boot }: FirewallState, facts: Facts): readonly Field[] {
  if (boot === undefined || (boot.unit === bootUnit(facts) && boot.isEnabled)) return [];
  return [
    {
      path: "at boot",
      declared: "loaded",
      live: boot.unit === undefined ? "not" : "otherwise",
    },
  ];
}
