import { isSecretKey, secretItemsOf } from "../../lib/secret-items.ts";
import { templateParts } from "../../lib/template.ts";
import type { Where } from "../../model/diagnostic.ts";
import { variantsOf } from "../expand.ts";
import { withoutSecret } from "../references.ts";
import { shown } from "../text.ts";
import { oneOf } from "./one-of.ts";
import { placeOf, type Rule } from "./repo.ts";

/** A value comes from one place. */
export const sourcesAreClear: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const variant of variantsOf(app)) {
      const { fields, at } = variant;
      for (const [name, value] of Object.entries(fields.env ?? {})) {
        if (typeof value !== "string")
          oneOf(value, ["template", "secret"], ["env", name], { ...variant, report });
      }
      for (const [path, file] of Object.entries(fields.files ?? {})) {
        if (typeof file === "string") continue;
        const where = ["files", path];
        if (oneOf(file, ["from", "secret"], where, { ...variant, report })) continue;
        if (file.template === true && file.secret !== undefined)
          report(
            "secret-unclear",
            at([...where, "template"]),
            `${shown(path)}: a template is a file of the repo (from); a secret is written as it is`,
          );
      }
      for (const { name, as, mode, owner, path } of secretItemsOf(fields.secrets)) {
        if (as === "file" || (mode === undefined && owner === undefined)) continue;
        const key = mode === undefined ? "owner" : "mode";
        report(
          "secret-unclear",
          at(["secrets", ...path.slice(0, -1), key]),
          `${key} is of a file, and ${name} is a variable; for a file add as: file`,
        );
      }
    }
  }
};

export const templatesAreTemplates: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      for (const [name, value] of Object.entries(fields.env ?? {})) {
        if (typeof value === "string" || value.template === undefined) continue;
        const where = at(["env", name, "template"]);
        const parts = templateParts(value.template);
        if ("why" in parts) report("bad-template", where, parts.why);
        else if (parts.every((part) => typeof part === "string"))
          report("template-without-secret", where, withoutSecret);
      }
    }
  }
};

/** A whole file has no key after which a variable could be called. */
export const secretsAreNamed: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      for (const { name, ref, path } of secretItemsOf(fields.secrets)) {
        const secret = app.secrets.get(ref);
        if (path.length > 1 || secret === undefined) continue;
        const isFile = secret.source.form === "file" && /[./]/.test(ref);
        if (isFile || !isSecretKey(name))
          report(
            "secret-unclear",
            at(["secrets", ...path]),
            `'${shown(ref)}' needs a name in the container: { NAME: ${shown(ref)} }, or { NAME: { secret: ${shown(ref)}, as: file } }`,
          );
      }
    }
  }
};

/** `NAME_FILE` says where the file of a secret is, unless `env` says something else. */
export const variablesDiffer: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      const declared = new Map<string, Where>(
        Object.keys(fields.env ?? {}).map((name) => [name, at(["env", name])]),
      );
      const listed = new Map<string, { readonly where: Where; readonly by: string }>();
      for (const { name, as, path } of secretItemsOf(fields.secrets)) {
        const set = as === "env" ? name : `${name}_FILE`;
        const where = at(["secrets", ...path]);
        const other = listed.get(set);
        listed.set(set, { where, by: as });
        // Two files of one name are mounts that clash.
        if (other?.by === "file" && as === "file") continue;
        const first = other?.where ?? (as === "env" ? declared.get(set) : undefined);
        if (first !== undefined)
          report(
            "env-clash",
            where,
            `${set} is set already (${placeOf(first)}); keep one of the two`,
          );
      }
    }
  }
};
