/** How commands become root's on this machine. */
export interface Login {
  readonly root: boolean;
  /** Whether there is a `timeout` that ends what we have stopped waiting for. */
  readonly guard: boolean;
}

/** Words before a command that end it after so many seconds, where the machine has a `timeout`. */
export const limitOf = (login: Login, seconds: number): readonly string[] =>
  login.guard ? ["timeout", "-k", "2", String(seconds)] : [];

/** The user's own rights. */
export const plainLogin: Login = { root: true, guard: false };
