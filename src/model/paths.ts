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

/** A machine's proxy: its folder below Slipway's, and in that the socket of its runtime API. */
export const proxyFolder = (root: string): string => `${root}/proxy`;

export const proxySocket = (folder: string): string => `${folder}/run/admin.sock`;

/** The same as the proxy's own container sees it. */
export const insideProxy = { etc: "/etc/slipway", run: "/run/slipway" } as const;
