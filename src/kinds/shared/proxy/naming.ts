/** Names and sizes that the configuration, the maps and the commands at runtime agree on. */

export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : Number(a.name > b.name);

/** The smallest power of two that leaves room, at least 2. */
export function slotsFor(count: number): number {
  let slots = 2;
  while (slots <= count) slots *= 2;
  return slots;
}

/** The half of a backend pair that has only what is on this machine. */
export const localOf = (backend: string): string => `${backend}.local`;

/** Both slots of an instance: one serves, the other is for its successor. */
export const slotPair = (instance: number): readonly [string, string] => [
  `i${instance}a`,
  `i${instance}b`,
];

export const remoteSlot = (number: number): string => `r${number}`;

/** `172.18.0.5:8080`, `[fd00::5]:8080`, as HAProxy would spell it. */
export const addressText = (address: string, port: number): string =>
  address.includes(":")
    ? `${new URL(`http://[${address}]`).hostname}:${port}`
    : `${address}:${port}`;

export function splitAddress(text: string): readonly [address: string, port: string] {
  const at = text.lastIndexOf(":");
  return [text.slice(0, at).replaceAll(/^\[|\]$/g, ""), text.slice(at + 1)];
}

/** How a pool's own machine's half is called in `pools.map`. */
export const localKey = (pool: string): string => `${pool}~`;
