import { kill } from "node:process";

/** Ends a process that was started with a group of its own (`detached`), with all that it has started. */
export function killGroup(leader: number): void {
  try {
    kill(-leader, "SIGKILL");
  } catch (error) {
    const hasEnded = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!hasEnded) throw error;
  }
}
