/** What a template refers to in `${…}`: a key of the app's own secrets, or `name.KEY` of another file's. */
export type TemplatePart = string | { readonly ref: string };

/** What is wrong with a template, and at which character it begins. */
export interface TemplateFault {
  readonly at: number;
  readonly why: string;
}

const reference = /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/;

/**
 * Splits at `${KEY}` and `${other.KEY}`. `$$` is a dollar sign; one that no brace follows stands for itself. Nothing is
 * nested, and there are no defaults: what is missing is a mistake.
 */
export function templateParts(text: string): readonly TemplatePart[] | TemplateFault {
  const parts: TemplatePart[] = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("$", at);
    if (next < 0) {
      plain += text.slice(at);
      break;
    }
    plain += text.slice(at, next);
    if (text[next + 1] === "$") {
      plain += "$";
      at = next + 2;
    } else if (text[next + 1] === "{") {
      const end = text.indexOf("}", next);
      const ref = end < 0 ? "" : text.slice(next + 2, end).replaceAll(/^ +| +$/g, "");
      if (end < 0) return { at: next, why: "'${' is not closed; a dollar sign is written '$$'" };
      if (!reference.test(ref))
        return {
          at: next,
          why: "between '${' and '}' stands the name of a secret: KEY or name.KEY; a dollar sign is written '$$'",
        };
      if (plain !== "") parts.push(plain);
      plain = "";
      parts.push({ ref });
      at = end + 1;
    } else {
      plain += "$";
      at = next + 1;
    }
  }
  if (plain !== "") parts.push(plain);
  return parts;
}
