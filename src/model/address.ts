/**
 * Addresses name what Slipway manages: `app/shop`, `machine/web-1`, and for one resource
 * `machine/web-1/users/ada` or `machine/web-1/app/shop/container/1`.
 */
export type Address = string;

export const appAddress = (app: string): Address => `app/${app}`;

/** `kind` is a kind's id (`app/container`, `machine/names`); its last segment stands in the address. */
export function resourceAddress(
  machine: string,
  kind: string,
  app: string | undefined,
  name: string,
): Address {
  const noun = kind.slice(kind.indexOf("/") + 1);
  const owner = app === undefined ? `machine/${machine}` : `machine/${machine}/app/${app}`;
  return name === "" ? `${owner}/${noun}` : `${owner}/${noun}/${name}`;
}

/** Undefined where it is on no machine in particular. */
export const machineOf = (address: Address): string | undefined =>
  /^machine\/([^/]+)/.exec(address)?.[1];

/** Whether `scope` covers `address`: by whole segments, and `app/X` also X's parts on all machines. */
export function covers(scope: Address, address: Address): boolean {
  if (address === scope || address.startsWith(`${scope}/`)) return true;
  if (!scope.startsWith("app/")) return false;
  const onMachine = /^machine\/[^/]+\/(app\/.*)$/.exec(address)?.[1];
  return onMachine !== undefined && (onMachine === scope || onMachine.startsWith(`${scope}/`));
}
