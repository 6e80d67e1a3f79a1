/** What a revision's light can be, in the words most forges share. */
export type StatusState = "pending" | "success" | "failure" | "error";

export interface CommitStatus {
  /** The full commit id. */
  readonly revision: string;
  /**
   * What tells statuses of one commit apart: `slipway/acme/shop`. A forge whose key is shorter than its name for it makes a
   * key of its own from this, and gives it back as the name.
   */
  readonly context: string;
  readonly state: StatusState;
  readonly description: string;
  /** The run's page. A forge that wants a link with every status leads to the commit's page where there is none. */
  readonly targetUrl?: string;
}

export type ForgeKind = "github" | "gitlab" | "gitea" | "forgejo" | "bitbucket";

/** How much a forge takes, in UTF-16 units. */
export interface ForgeLimits {
  readonly description: number;
  readonly context: number;
  /** Of a comment on a pull request. */
  readonly comment: number;
}

/** Where commits are shown to people, and what Slipway tells there. */
export interface Forge {
  readonly kind: ForgeKind;
  /** As people know it: `acme/infra`, or `group/subgroup/project`. */
  readonly repository: string;
  readonly limits: ForgeLimits;
  /** The status as `list` will give it back: cut to the limits, with states that the forge lacks replaced by the nearest. */
  fit(status: CommitStatus): CommitStatus;
  /** Takes what `fit` gave. Rejects with ForgeError. */
  post(status: CommitStatus, signal?: AbortSignal): Promise<void>;
  /** The newest status of each context of one commit. Rejects with ForgeError. */
  list(revision: string, signal?: AbortSignal): Promise<readonly CommitStatus[]>;
}

/**
 * By what happens next. `unavailable`: try again soon (network, timeout, 5xx, an answer that cannot be read). `limited`:
 * not before `retryAfterMs`. `denied`: someone must give another token. `missing`: the forge does not know the
 * repository or the commit, yet or any more. `refused`: the same request will never be taken.
 */
export type ForgeTrouble = "unavailable" | "limited" | "denied" | "missing" | "refused";

/** Trouble with the forge: never the repo's or a machine's fault. Messages never hold credentials. */
export class ForgeError extends Error {
  override readonly name = "ForgeError";
  readonly trouble: ForgeTrouble;
  readonly retryAfterMs: number | undefined;
  constructor(
    trouble: ForgeTrouble,
    message: string,
    options?: { readonly retryAfterMs?: number },
  ) {
    super(message);
    this.trouble = trouble;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
