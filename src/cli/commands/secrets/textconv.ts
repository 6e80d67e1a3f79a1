import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { printableLine } from "../../../lib/text.ts";
import { textconv } from "../../../secrets/textconv.ts";
import type { Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { UserError } from "../../trouble.ts";

const mostBytes = 64 * 1024 * 1024;

export const run: Run = async ({ io }, given) => {
  const file = resolve(io.cwd, given.args[0] ?? "");
  try {
    if ((await stat(file)).size > mostBytes) throw new UserError("refused", `${file} is too large`);
    io.out.write(textconv(await readFile(file)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof UserError || code === undefined) throw error;
    throw new UserError("not-found", `${printableLine(file)} cannot be read (${code})`);
  }
  return exit.done;
};
