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

/** An open pull request (a merge request) against the branch that is followed. */
export interface PullRequest {
  readonly number: number;
  /** The full commit id of its head. */
  readonly head: string;
  /** Its head is in another repository, or in one that is gone: nobody who may write to this one need have seen it. */
  readonly isFork: boolean;
  /** Where the forge keeps the commit that merging it would make, if it does: old where the forge is behind. */
  readonly mergeRef?: string;
}

export interface Comment {
  readonly id: string;
  readonly body: string;
  /** Written with this token's account. Others may write the same words. */
  readonly isOurs: boolean;
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
  /** The open pull requests against a branch, the last one touched first, as many as come in one answer. Rejects with ForgeError. */
  pulls(branch: string, signal?: AbortSignal): Promise<readonly PullRequest[]>;
  /** On one pull request, oldest first. Rejects with ForgeError, also for more than can be read. */
  comments(pull: number, signal?: AbortSignal): Promise<readonly Comment[]>;
  /** Writes a comment, or with `id` a new body for one. Rejects with ForgeError: `missing` for one that is gone. */
  comment(pull: number, body: string, id?: string, signal?: AbortSignal): Promise<void>;
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
