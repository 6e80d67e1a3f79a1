import type { JobSpec } from "./spec.ts";
import { containerName } from "./spec.ts";

/** Where units of the machine's administrator stand: over those of packages. */
const unitFolder = "/etc/systemd/system";

export interface UnitNames {
  readonly service: string;
  readonly timer: string;
}

/** No name has a dot: so nothing of one fleet or app is called like another's. */
export const unitPrefix = (fleet: string): string => `slipway-${fleet}.`;

export const unitNames = (fleet: string, app: string, job: string): UnitNames => {
  const stem = `${unitPrefix(fleet)}${app}.${job}`;
  return { service: `${stem}.service`, timer: `${stem}.timer` };
};

export const unitPath = (unit: string): string => `${unitFolder}/${unit}`;

/** Where systemd remembers when a timer last fired, by which it knows what was missed. */
export const stampPath = (timer: string): string => `/var/lib/systemd/timers/stamp-${timer}`;

export const jobFolder = (root: string, app: string, job: string): string =>
  `${root}/jobs/${app}.${job}`;

const header = "# Made by Slipway: what is changed here by hand comes back.\n";

/** Beyond its deadline, and the time that its container has to stop, whoever waits for it is ended as well. */
const marginSeconds = 60;

export function serviceText(want: JobSpec, root: string): string {
  const { fleet, app, family, job, socket, container, deadlineMs } = want;
  const deadline = Math.ceil(deadlineMs / 1_000);
  const grace = container.stopTimeoutSeconds;
  const argv = [
    "/bin/sh",
    `${jobFolder(root, app, job)}/run`,
    socket,
    fleet,
    app,
    job,
    containerName(want),
    String(deadline),
    String(grace),
  ];
  return `${header}[Unit]
Description=Job ${job} of ${app} (${fleet})
After=docker.service

[Service]
Type=oneshot
ExecStart=${argv.map(unitWord).join(" ")}
TimeoutStartSec=${deadline + grace + marginSeconds}
TimeoutStopSec=${grace + marginSeconds}
# It was skipped, as one still ran.
SuccessExitStatus=75

[X-Slipway]
Family=${family}
`;
}

export const timerText = ({ fleet, app, job, times }: JobSpec): string => `${header}[Unit]
Description=When job ${job} of ${app} runs (${fleet})

[Timer]
${times.map((time) => `OnCalendar=${time}\n`).join("")}Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
`;

/** The times of a timer's file, as far as it says any. */
export const timesIn = (timer: string): readonly string[] =>
  [...timer.matchAll(/^OnCalendar=(.*)$/gm)].map(([, time = ""]) => time);

/** A word of a command line as systemd reads it. */
const unitWord = (word: string): string => {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  if (/^[\w./:@%$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
};
