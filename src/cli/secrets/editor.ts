import { spawn } from "node:child_process";
import { withoutCredentials } from "../credentials.ts";
import type { Io } from "../io.ts";
import { Stopped } from "../../lib/stopped.ts";
import { UserError } from "../trouble.ts";

/**
 * Opens a file in the user's editor and waits until it is closed. What is to be done when the process is told to end
 * meanwhile is done before it ends. Throws UserError; Stopped when it was told to end.
 */
export async function openEditor(io: Io, file: string, atEnd: () => void): Promise<void> {
  const editor =
    [io.env["VISUAL"], io.env["EDITOR"]].find((one) => one !== undefined && one !== "") ?? "vi";
  const [program = "vi", ...words] = commandOf(editor);
  const child = spawn(program, [...words, file], {
    env: withoutCredentials(io.env),
    stdio: ["inherit", io.out.isTerminal ? "inherit" : 2, "inherit"],
  });
  let isTold = false;
  const end = (): void => {
    // A second time, or where the editor does not end: nothing may stay.
    if (isTold) atEnd();
    isTold = true;
    child.kill("SIGTERM");
  };
  // Ctrl-C is the editor's as well, which may go on.
  const endings = [io.onInterrupt(end), io.onHangup(end)];
  try {
    const code = await new Promise<number | string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("close", (exitCode, signal) => resolve(exitCode ?? signal ?? 1));
    });
    if (isTold) throw new Stopped("stopped: nothing was written");
    if (code !== 0)
      throw new UserError(
        "refused",
        `the editor '${editor}' ended with ${code}`,
        "Nothing was written. $VISUAL or $EDITOR says which editor is used.",
      );
  } finally {
    for (const stop of endings) stop();
  }
}

/** As git does: what stands in the variable may have flags, or be a piece of shell. */
const commandOf = (editor: string): readonly string[] =>
  /[|&;<>()$`\\"'\t\n*?[#~=%]/.test(editor)
    ? ["sh", "-c", `${editor} "$1"`, editor]
    : editor.split(" ").filter((word) => word !== "");
