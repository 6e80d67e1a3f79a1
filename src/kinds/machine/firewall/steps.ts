import type { Facts } from "../../../model/resource.ts";
import type { RunStep, Step } from "../../../model/step.ts";
import { scriptArgv, trialOf } from "../../shared/trial.ts";
import { folderOf, unitOf } from "./query.ts";
import { tableOf } from "./rules.ts";

const timeoutMs = 20_000;

const run = (script: string, ...given: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", `PATH=$PATH:/usr/sbin:/sbin\n${script}`, "sh", ...given],
  timeoutMs,
});

/** Keeps our table as it is, for the machine to go back to by itself. */
const keepFormer = `
umask 077
mkdir -p "$1" && rm -f "$1/former.nft" && tables=$(nft list tables) || exit 1
if printf '%s\\n' "$tables" | grep -qxF "table inet $2"; then nft -s list table inet "$2" >"$1/former.nft"; fi
`;

/** At once, in one transaction. */
const restoreScript = `
PATH=$PATH:/usr/sbin:/sbin
{ printf 'table inet %s\\ndelete table inet %s\\n' "$2" "$2" && cat "$1/former.nft" 2>/dev/null || :; } | nft -f -
`;

/** What holds now is what is loaded at boot, and what is looked for from now on. */
const keepScript = `
umask 077
nft -s list table inet "$2" >"$1/made" && mv -f "$1/next.nft" "$1/rules.nft" && rm -f "$1/former.nft"
`;

const enableScript = `systemctl daemon-reload && systemctl --quiet enable "$1" && systemctl start "$1"`;

const removeScript = `
if [ -d /run/systemd/system ] && [ -f "/etc/systemd/system/$3" ]; then
  systemctl --quiet disable --now "$3" || exit 1
fi
rm -f "/etc/systemd/system/$3" && { [ ! -d /run/systemd/system ] || systemctl daemon-reload; } || exit 1
printf 'table inet %s\\ndelete table inet %s\\n' "$2" "$2" | nft -f -
`;

const paths = ({ root, fleet }: Facts) => ({
  folder: folderOf(root),
  table: tableOf(fleet),
  unit: unitOf(fleet),
});

/** nftables.service flushes all that there is when it starts: what holds there comes after it, and again with it. */
export const bootUnit = ({ root, fleet }: Facts): string => `[Unit]
Description=Firewall of ${fleet}, by Slipway
DefaultDependencies=no
RequiresMountsFor=${folderOf(root)}
After=nftables.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=nft -f ${folderOf(root)}/rules.nft
ExecReload=nft -f ${folderOf(root)}/rules.nft

[Install]
WantedBy=sysinit.target
`;

export function tableSteps(facts: Facts, rules: string): readonly Step[] {
  const { folder, table } = paths(facts);
  const next = `${folder}/next.nft`;
  return [
    run(keepFormer, folder, table),
    { do: "put", path: next, content: { text: rules }, mode: "0600" },
    run('nft -c -f "$1"', next),
    trialOf({
      of: "the firewall",
      folder: facts.root,
      steps: [run('nft -f "$1"', next)],
      restore: scriptArgv(restoreScript, folder, table),
    }),
    run(keepScript, folder, table),
  ];
}

export function bootSteps(facts: Facts): readonly Step[] {
  const { unit } = paths(facts);
  return [
    {
      do: "put",
      path: `/etc/systemd/system/${unit}`,
      content: { text: bootUnit(facts) },
      mode: "0644",
    },
    run(enableScript, unit),
  ];
}

export function leavingSteps(facts: Facts): readonly Step[] {
  const { folder, table, unit } = paths(facts);
  return [run(removeScript, folder, table, unit), { do: "remove", path: folder }];
}
