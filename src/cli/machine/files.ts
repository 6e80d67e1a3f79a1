import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { topText } from "../../load/edit.ts";
import { withoutComment } from "../../lib/ssh-key.ts";
import type { Context } from "../command.ts";
import { UserError } from "../trouble.ts";
import { folderOf } from "../working-tree.ts";

/** A machine's file in the working tree. */
export interface MachineFile {
  readonly name: string;
  /** From the infra repo's folder. */
  readonly path: string;
  readonly text: string;
  readonly hostKey?: string;
  readonly machineId?: string;
}

/** The files of machines as they stand in the folder: of the environment, where one is named, before those of the root. */
export interface MachineFiles {
  readonly dir: string;
  /** Where a new one belongs. */
  pathOf(name: string): string;
  readonly all: readonly MachineFile[];
  readonly hasSchemas: boolean;
}

/** Far more than anybody has machines. */
const mostFiles = 10_000;

/** Throws UserError where the repository has no files in a folder. */
export async function machineFilesIn(context: Context): Promise<MachineFiles> {
  const { root, path = "" } = await folderOf(context, "Work in a clone of it.");
  const dir = join(root, path);
  const { environment } = context.options;
  const folders = [
    ...(environment === undefined ? [] : [`environments/${environment}/machines`]),
    "machines",
  ];
  const all: MachineFile[] = [];
  for (const folder of folders) all.push(...(await filesIn(dir, folder)));
  return {
    dir,
    pathOf: (name) => `${folders[0] ?? "machines"}/${name}.yaml`,
    all,
    hasSchemas: await isThere(join(dir, ".schemas/machine.schema.json")),
  };
}

async function filesIn(dir: string, folder: string): Promise<readonly MachineFile[]> {
  const names = await readdir(join(dir, folder)).catch(() => []);
  const found = names.filter((name) => name.endsWith(".yaml")).toSorted();
  return await Promise.all(
    found.slice(0, mostFiles).map(async (name): Promise<MachineFile> => {
      const path = `${folder}/${name}`;
      const text = await readFile(join(dir, path), "utf8");
      const hostKey = topText(text, "hostKey");
      const machineId = topText(text, "machineId");
      return {
        name: name.slice(0, -".yaml".length),
        path,
        text,
        ...(hostKey === undefined ? {} : { hostKey: withoutComment(hostKey) }),
        ...(machineId === undefined ? {} : { machineId }),
      };
    }),
  );
}

/** Throws UserError where there is one by now. */
export async function writeMachine(dir: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  try {
    await writeFile(join(dir, path), text, { flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EEXIST") throw error;
    throw new UserError("refused", `${path} is there already`);
  }
}

/** By rename: it is whole at any time. */
export async function rewriteMachine(dir: string, path: string, text: string): Promise<void> {
  const draft = join(dir, `${path}.new`);
  try {
    await writeFile(draft, text);
    await rename(draft, join(dir, path));
  } finally {
    await rm(draft, { force: true });
  }
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
