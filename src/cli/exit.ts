/** Exit codes of the command line. What `exec` runs has its own. */
export const exit = {
  /** Done; nothing is pending. */
  done: 0,
  /** Findings, refusals, machines out of reach, a revision that did not converge; a bug as well. */
  trouble: 1,
  /** `plan --exit-code`: there are changes; `machine`: nobody was there to agree to them. */
  pending: 2,
  /** Ended by the second interrupt. */
  interrupted: 130,
} as const;
