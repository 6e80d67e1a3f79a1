/**
 * What observing found out about one resource. `unknown` (no answer, or one that cannot be read) is never
 * treated as absent: it plans nothing. `awaiting` is looked at again in the same pass, after what it waits for was applied.
 */
export type Live<T> =
  | { readonly state: "present"; readonly value: T }
  | { readonly state: "absent" }
  | { readonly state: "unknown"; readonly why: string }
  | { readonly state: "awaiting"; readonly on: string };

/** Thrown by a kind's `read` when an answer is not what was asked for: its resources become unknown. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}
