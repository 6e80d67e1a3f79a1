/** Where Slipway keeps what is its own on a machine, by fleet. */
export interface MachinePaths {
  readonly root: string;
  readonly inventory: string;
  readonly history: string;
  readonly files: string;
  readonly key: string;
  readonly hosts: string;
  readonly lock: string;
}

export function machinePaths(fleet: string): MachinePaths {
  const root = `/var/lib/slipway/${fleet}`;
  return {
    root,
    inventory: `${root}/inventory.json`,
    history: `${root}/history.jsonl`,
    files: `${root}/files`,
    key: `${root}/key`,
    hosts: `${root}/hosts`,
    lock: `${root}/lock`,
  };
}
