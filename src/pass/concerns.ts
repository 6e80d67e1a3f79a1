import type { Concern, MachineStatus, Room } from "../model/status.ts";

const dayMs = 86_400_000;

/** From here on a machine needs a look, though it works. */
const limits = {
  /** Shares of what there is, that are left. */
  disk: 0.1,
  inodes: 0.1,
  memory: 0.05,
  clockSeconds: 5,
  certificateDays: 7,
} as const;

/** What a machine shows for a host; milliseconds since 1970. */
export interface Shown {
  readonly host: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Texts without numbers that move: they are the same as long as the concern is. */
export function concernsOf(
  machine: MachineStatus,
  certificates: readonly Shown[],
  now: number,
): readonly Concern[] {
  const { disk, inodes, memory, clock, rebootNeeded } = machine;
  const offset = clock?.offset ?? 0;
  return [
    ...(isScarce(disk, limits.disk)
      ? [{ code: "disk" as const, text: "a tenth of its disk is left, or less" }]
      : []),
    ...(isScarce(inodes, limits.inodes)
      ? [{ code: "inodes" as const, text: "a tenth of the inodes of its disk is left, or less" }]
      : []),
    ...(isScarce(memory, limits.memory)
      ? [{ code: "memory" as const, text: "a twentieth of its memory is available, or less" }]
      : []),
    ...(Math.abs(offset) > limits.clockSeconds
      ? [
          {
            code: "clock" as const,
            text: `its clock is more than ${limits.clockSeconds} s ${offset > 0 ? "ahead" : "behind"}`,
          },
        ]
      : []),
    ...(rebootNeeded === true
      ? [{ code: "reboot" as const, text: "it has to be rebooted for what was installed" }]
      : []),
    ...certificates.flatMap((one) => endingOf(one, now)),
  ];
}

const isScarce = (room: Room | undefined, share: number): boolean =>
  room !== undefined && room.total > 0 && room.available <= room.total * share;

/** One that lives for a week only is not near its end all its life. */
function endingOf({ host, notBefore, notAfter }: Shown, now: number): readonly Concern[] {
  const before = Math.min(limits.certificateDays * dayMs, (notAfter - notBefore) / 4);
  if (now < notAfter - before) return [];
  const says = now >= notAfter ? "has ended" : `ends within ${limits.certificateDays} days`;
  return [{ code: "certificate", text: `its certificate for ${host} ${says}` }];
}
