import type { FileSpec } from "../../kinds/index.ts";
import { resourceAddress } from "../../model/address.ts";
import type { MachineDocument } from "../../model/documents.ts";
import type { Resource } from "../../model/resource.ts";
import type { Contents } from "../files.ts";

/** Files of the machine itself. */
export const filesOfMachine = (
  document: MachineDocument,
  contents: Contents,
): readonly Resource[] => {
  const { name: machine, fields, at } = document;
  return Object.keys(fields.files ?? {}).flatMap((path) => {
    const spec = specOf(document, path, contents);
    if (spec === undefined) return [];
    const name = path.slice(1);
    return [
      {
        address: resourceAddress(machine, "machine/files", undefined, name),
        kind: "machine/files",
        machine,
        name,
        spec,
        where: at(["files", path]),
        at: (field) => at(["files", path, ...field]),
      },
    ];
  });
};

function specOf(
  { fields, ships, secrets: values }: MachineDocument,
  path: string,
  { hashes, secrets }: Contents,
): FileSpec | undefined {
  const declared = fields.files?.[path] ?? {};
  const { from, secret, mode, owner } =
    typeof declared === "string"
      ? { from: declared, secret: undefined, mode: undefined, owner: undefined }
      : declared;
  const common = { path, owner: ownerOf(owner) };
  const value = secret === undefined ? undefined : values.get(secret);
  if (value !== undefined) {
    const sealed = [{ name: value.name, id: value.id }];
    const sha256 = secrets.sha256(sealed);
    return { ...common, content: { sealed }, sha256, mode: octal(mode ?? "0600") };
  }
  const file = from === undefined ? undefined : ships.get(from);
  if (file === undefined) return undefined;
  return {
    ...common,
    content: { blob: file.blob },
    sha256: hashes.get(file.blob) ?? "",
    mode: octal(mode ?? (file.executable ? "0755" : "0644")),
  };
}

const ownerOf = (declared = "root:root"): string =>
  declared.includes(":") ? declared : `${declared}:root`;

const octal = (mode: string): string => mode.padStart(4, "0");
