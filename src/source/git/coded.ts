/** Whether this is the system's or the git library's error of that code. */
export const isCoded = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
