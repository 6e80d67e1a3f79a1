import type { TreeEntry } from "../model/snapshot.ts";
import { describe } from "./text.ts";

export const topFolders = ["apps", "machines", "environments", "secrets"] as const;

/** A machine or an app, as the path of its file says. */
export interface DocumentPlace {
  readonly as: "machine" | "app";
  readonly name: string;
  readonly folder: string;
  /** Only a folder is seen, in which one probably is. */
  readonly guessed?: true;
}

/** Something under `secrets/`: a file of values, or a whole file, by its name below it. */
export interface SecretPlace {
  readonly as: "values" | "whole file";
  readonly name: string;
}

export interface Classified {
  readonly place: DocumentPlace | SecretPlace | "settings" | "shippable";
  /** Why it is not read although it was meant to be. */
  readonly wrong?: {
    readonly code: "yml-extension" | "stray-document";
    readonly why: (path: string) => string;
  };
}

const yml: Pick<Classified, "wrong"> = {
  wrong: {
    code: "yml-extension",
    why: (path) => `only .yaml is read: call it ${path.replace(/\.yml$/, ".yaml")}`,
  },
};
const stray: Pick<Classified, "wrong"> = {
  wrong: {
    code: "stray-document",
    why: () => "machines/ has no folders: a machine is machines/<name>.yaml",
  },
};

/** What a file is, by its path without environment. */
export function classify(path: string, type: TreeEntry["type"]): Classified {
  const parts = path.split("/");
  const [top = "", second = "", third = ""] = parts;
  const file = parts.at(-1) ?? "";
  const [, stem = "", ending = ""] = /^(.*)\.(ya?ml)$/.exec(file) ?? [];
  const wrong = ending === "yml" ? yml : {};
  if (top === "secrets" && parts.length > 1) return classifySecret(path.slice(top.length + 1));
  if (parts.length === 1)
    return stem === "slipway" ? { place: "settings", ...wrong } : { place: "shippable" };
  const flat = parts.length === 2;
  if (top === "apps" && flat && (type === "symlink" || type === "submodule") && ending === "")
    return { place: { as: "app", name: second, folder: path, guessed: true } };
  if (file.startsWith(".") || ending === "") return { place: "shippable" };
  if (top === "machines") {
    const place = { as: "machine", name: stem, folder: "machines" } as const;
    return flat ? { place, ...wrong } : { place, ...(ending === "yml" ? yml : stray) };
  }
  if (top !== "apps") return { place: "shippable" };
  if (flat) return { place: { as: "app", name: stem, folder: "apps" }, ...wrong };
  if (parts.length === 3 && (third === "app.yaml" || third === "app.yml"))
    return { place: { as: "app", name: second, folder: `apps/${second}` }, ...wrong };
  return { place: "shippable" };
}

/** What stands under `secrets/`; what begins with a dot is the tools' own, as `.age-recipients`. */
function classifySecret(path: string): Classified {
  const [, name = "", ending = ""] = /^(.*)\.(ya?ml|age)$/.exec(path) ?? [];
  if (name === "" || /(?:^|\/)\./.test(path)) return { place: "shippable" };
  if (ending === "age") return { place: { as: "whole file", name: path } };
  return { place: { as: "values", name }, ...(ending === "yml" ? yml : {}) };
}

export interface Refusal {
  readonly code: "bad-path" | "symlink" | "submodule";
  readonly why: string;
}

/** Why an entry that Slipway would read is not read: it tries to be something else than a file in the repo. */
export function refusalOf({ path, type }: TreeEntry): Refusal | "not ours" | undefined {
  const parts = path.split("/");
  if (path.startsWith("/") || parts.includes(".."))
    return { code: "bad-path", why: "a path that leads out of the repo" };
  const [top = ""] = parts;
  const ours =
    path === "slipway.yaml" ||
    path === "slipway.yml" ||
    (parts.length > 1 && topFolders.some((folder) => folder === top));
  const link = type === "symlink" || type === "submodule";
  if (!ours && !(link && topFolders.some((folder) => folder === path))) return "not ours";
  const odd = [...path].find(
    (char) => char === "\\" || /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(char),
  );
  if (odd !== undefined) return { code: "bad-path", why: `a path that holds ${describe(odd)}` };
  if (parts.includes("") || parts.includes("."))
    return { code: "bad-path", why: "a path with an empty or '.' segment" };
  if (type === "symlink")
    return { code: type, why: "a symbolic link is not followed; put the file itself here" };
  if (type === "submodule") return { code: type, why: "a submodule is not read" };
  return undefined;
}
