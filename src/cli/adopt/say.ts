import type { NewApp, Translated } from "../../adopt/apps.ts";
import { hostKeyFile, textFingerprint } from "../../lib/ssh-key.ts";
import { counted, listed, printableLine } from "../../lib/text.ts";
import { jsonText } from "../../report/json.ts";

/** What is to be written, and what not. */
export interface Proposal {
  readonly machine: string;
  readonly address: string;
  readonly hostKey: string;
  readonly machineFile: string;
  readonly isNew: boolean;
  readonly translated: Translated;
  readonly fileOf: (app: NewApp) => string;
  readonly secretsOf: (app: NewApp) => string;
  readonly recipients: number;
}

export function proposalText(proposal: Proposal): string {
  const { machine, address, hostKey, machineFile, isNew, translated, fileOf, secretsOf } = proposal;
  const lines = [
    `${machine} (${address}) shows the host key ${textFingerprint(hostKey)}; compare it with \`ssh-keygen -lf ${hostKeyFile(hostKey)}\` there.`,
    `  ${machineFile}: ${isNew ? "is written" : "is there already and stays as it is"}`,
    ...translated.apps.flatMap((app) => [
      `  ${fileOf(app)}: is written, for ${listed([...app.containers])}`,
      ...(app.secrets.size === 0
        ? []
        : [
            `  ${secretsOf(app)}: is written with ${listed([...app.secrets.keys()])}, encrypted to ${counted(proposal.recipients, "recipient")}`,
          ]),
      ...[...app.notes].map(
        ([container, texts]) => `  ${container} has until its next deploy: ${texts.join("; ")}`,
      ),
    ]),
    ...translated.leftOut.map(
      ({ container, why }) =>
        `  ${container} is left out, as Slipway has no words for: ${why.join("; ")}`,
    ),
  ];
  return `${lines.map(printableLine).join("\n")}\n`;
}

export const proposalJson = (proposal: Proposal, done: boolean): string =>
  jsonText({
    version: 1,
    name: proposal.machine,
    file: proposal.machineFile,
    address: proposal.address,
    hostKey: proposal.hostKey,
    fingerprint: textFingerprint(proposal.hostKey),
    apps: proposal.translated.apps.map((app) => ({
      name: app.name,
      file: proposal.fileOf(app),
      containers: app.containers,
      secrets: [...app.secrets.keys()],
      notes: [...app.notes].map(([container, texts]) => ({ container, texts })),
    })),
    leftOut: proposal.translated.leftOut,
    done,
  });

export const nextText = ({ machine }: Proposal, files: readonly string[]): string =>
  `Wrote ${files.join(", ")}.\n\nNext:\n` +
  "  1. `slipway validate`, and read what was written.\n" +
  `  2. Commit it: git add --all && git commit -m "Take over ${machine}"\n` +
  "  3. `slipway plan` shows what differs; `slipway reconcile` takes over what does not, without a restart.\n";
