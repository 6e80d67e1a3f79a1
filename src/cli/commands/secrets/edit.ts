import { resolve } from "node:path";
import { readFile } from "node:fs/promises";
import { counted, listed } from "../../../lib/text.ts";
import { jsonText } from "../../../report/json.ts";
import { valueLimit } from "../../../secrets/limits.ts";
import { seal } from "../../../secrets/seal.ts";
import { readEdited, type Edited } from "../../../secrets/value-view.ts";
import type { Context, Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { textFlag } from "../../given.ts";
import type { SecretChange } from "../../secrets/changes.ts";
import { openEditor } from "../../secrets/editor.ts";
import { openPlace } from "../../secrets/place.ts";
import { recipientsFor } from "../../secrets/recipients-for.ts";
import { openScratch, type Scratch } from "../../secrets/scratch.ts";
import { emptyText, openView, type OpenView } from "../../secrets/view.ts";
import { writeFiles } from "../../secrets/write.ts";
import { UserError } from "../../trouble.ts";

type Changes = Exclude<Edited, { readonly problem: unknown }>;

export const run: Run = async (context, given) => {
  const { io } = context;
  const [name = ""] = given.args;
  const place = await openPlace(context);
  const file = await openView(context, place, name);
  const { recipients } = await recipientsFor(context, place.folder, file.path);
  const named = textFlag(given, "plaintextIn");
  const scratch = await openScratch(io, named === undefined ? undefined : resolve(io.cwd, named));
  try {
    const changes = await editUntilRight(context, scratch, file, place.environment !== undefined);
    if (changes !== undefined) {
      const text = await changes.sealed(async (value) => await sealed(value, recipients));
      const after = file.text === undefined ? text.replace(emptyText, "") : text;
      if (after !== (file.text ?? ""))
        await writeFiles(io, place.folder, [{ path: file.path, before: file.text, after }]);
    }
    say(context, file, changes);
    return exit.done;
  } finally {
    scratch.wipe();
  }
};

async function sealed(value: string, recipients: Parameters<typeof seal>[1]): Promise<string> {
  if (Buffer.byteLength(value) > valueLimit)
    throw new UserError("refused", `a value is larger than ${valueLimit} bytes, which is the most`);
  return await seal(value, recipients);
}

/** Undefined where nothing was changed. */
async function editUntilRight(
  { io }: Context,
  scratch: Scratch,
  file: OpenView,
  mayUnset: boolean,
): Promise<Changes | undefined> {
  const path = await scratch.write(`${file.name.replaceAll("/", "-")}.yaml`, file.view.text);
  for (;;) {
    await openEditor(io, path, () => {
      scratch.wipe();
      io.quit(exit.interrupted);
    });
    const text = await readFile(path, "utf8");
    if (text === file.view.text) return undefined;
    const edited = readEdited(file.text ?? "", file.view, text, mayUnset);
    if (!("problem" in edited)) return edited;
    const { line, text: why } = edited.problem;
    const answer = io.input.isTerminal
      ? await io.ask(`slipway: line ${line}: ${why}\nEdit again? [Y/n] `)
      : undefined;
    if (answer === undefined || /^n/i.test(answer.trim()))
      throw new UserError(
        "refused",
        `line ${line}: ${why}`,
        `Nothing was written to ${file.path}.`,
      );
  }
}

function say({ io, options }: Context, file: OpenView, changes: Changes | undefined): void {
  const { added = [], replaced = [], removed = [] } = changes ?? {};
  if (options.json) {
    const of = (keys: readonly string[], change: SecretChange["change"]): readonly SecretChange[] =>
      keys.map((key) => ({ name: `${file.name}.${key}`, file: file.path, change }));
    const all = [...of(added, "added"), ...of(replaced, "replaced"), ...of(removed, "removed")];
    return io.out.write(jsonText({ version: 1, changes: all }));
  }
  const parts = Object.entries({ added, replaced, removed }).flatMap(([what, keys]) =>
    keys.length === 0 ? [] : `${what} ${listed(keys, 10)}`,
  );
  const count = added.length + replaced.length + removed.length;
  io.out.write(
    count === 0
      ? `no value changed in ${file.path}\n`
      : `${counted(count, "change")} in ${file.path}: ${parts.join("; ")}\n`,
  );
}
