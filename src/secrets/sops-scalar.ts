/** A value in a file of SOPS, as the text that its MAC is over; or nothing, which the MAC leaves out. */
export type SopsScalar =
  | { readonly kind: "null" }
  | {
      readonly kind: "leaf";
      readonly text: string;
      /** As a person reads it: `true`, where the MAC has `True`. */
      readonly shown: string;
    };

export const leaf = (text: string, shown = text): SopsScalar => ({ kind: "leaf", text, shown });
export const boolLeaf = (value: boolean): SopsScalar =>
  leaf(value ? "True" : "False", String(value));

/** What an unquoted scalar means to SOPS, whose YAML (yaml.v3 of Go) is between 1.1 and 1.2. */
export function plainScalar(text: string): SopsScalar {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return { kind: "null" };
  if (/^(?:true|True|TRUE)$/.test(text)) return boolLeaf(true);
  if (/^(?:false|False|FALSE)$/.test(text)) return boolLeaf(false);
  if (/^[-+.\d]/.test(text)) return leaf(intText(text) ?? floatText(text) ?? text);
  return leaf(text);
}

/** A number as Go writes it without an exponent, with as few digits as tell it from its neighbours. */
export function numberText(value: number): string {
  const [, sign = "", digits = "", exponent] =
    /^(-?)([\d.]+)(?:e([-+]\d+))?$/.exec(`${value}`) ?? [];
  if (Object.is(value, -0)) return "-0";
  if (exponent === undefined) return String(value);
  const [whole = "", part = ""] = digits.split(".");
  const point = whole.length + Number(exponent);
  const all = whole + part;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${all}`;
  return `${sign}${all.padEnd(point, "0")}`;
}

const [least, most] = [-(2n ** 63n), 2n ** 64n - 1n];

function intText(text: string): string | undefined {
  const [, sign = "", body = ""] = /^([-+]?)(\S+)$/.exec(text.replaceAll("_", "")) ?? [];
  if (!/^(?:0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+)$/.test(body) || body.length > 70)
    return undefined;
  if (/^0\d*[89]/.test(body)) return undefined;
  const value = BigInt(/^0\d/.test(body) ? `0o${body.slice(1)}` : body) * (sign === "-" ? -1n : 1n);
  return value < least || value > most ? undefined : String(value);
}

function floatText(text: string): string | undefined {
  if (/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(text)) return numberText(Number(text));
  if (/^\+?\.(?:inf|Inf|INF)$/.test(text)) return "+Inf";
  if (/^-\.(?:inf|Inf|INF)$/.test(text)) return "-Inf";
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? "NaN" : undefined;
}
