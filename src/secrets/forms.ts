import { decodeUtf8 } from "../lib/bytes.ts";
import { printableLine } from "../lib/text.ts";

/** Of a longer secret the beginning is looked for: no one logs a whole archive. */
export const knownLimit = 64 * 1024;
/** A longer value is looked for piece by piece. A multiple of 3: the base64 of a piece is part of that of the whole. */
const pieceSize = 1023;
/** What is shorter may stand in any text. */
export const shortest = 6;
const shortestLine = 12;

/**
 * How a secret may stand in a text, as bytes (a character each): as it is, whole and, where it has long lines, line by
 * line; escaped for JSON, URLs, shells, markup; in hex and base64, wherever it begins in what was encoded.
 */
export function formsOf(value: Uint8Array): ReadonlySet<string> {
  const known = Buffer.from(value).subarray(0, knownLimit);
  const parts = [...piecesOf(known), ...linesOf(known)];
  const forms = [...parts.flatMap(encodings), ...base64Rows(known)];
  return new Set(forms.filter((form) => form.length >= shortest));
}

const encodings = (part: Buffer): readonly string[] => {
  if (part.length < shortest) return [];
  const text = decodeUtf8(part);
  return [
    part.toString("latin1"),
    part.toString("hex"),
    part.toString("hex").toUpperCase(),
    ...[0, 1, 2].flatMap((before) => base64Within(part, before)),
    ...(text === undefined
      ? []
      : escapes(text).map((form) => Buffer.from(form).toString("latin1"))),
  ];
};

/** The last piece is never too short to be found. */
function piecesOf(value: Buffer): readonly Buffer[] {
  const count = Math.max(1, Math.floor(value.length / pieceSize));
  return Array.from({ length: count }, (_, index) =>
    value.subarray(index * pieceSize, index === count - 1 ? undefined : (index + 1) * pieceSize),
  );
}

/** Lines of a text that has several; the first and last line of a PEM block are in everybody's. */
function linesOf(value: Buffer): readonly Buffer[] {
  const lines = (decodeUtf8(value) ?? "").split(/[\r\n]+/);
  if (lines.length < 2) return [];
  return lines
    .filter((line) => line.length >= shortestLine && !/^-----(BEGIN|END) /.test(line))
    .flatMap((line) => piecesOf(Buffer.from(line)));
}

/** The characters that only these bytes decide, where so many others (modulo 3) stand before them. */
function base64Within(part: Buffer, before: number): readonly string[] {
  const text = Buffer.concat([Buffer.alloc(before), part]).toString("base64");
  const from = Math.ceil((before * 8) / 6);
  const form = text.slice(from, Math.floor(((before + part.length) * 8) / 6));
  return [form, form.replaceAll("+", "-").replaceAll("/", "_")];
}

/** Base64 in lines of 64 and of 76 characters, as PEM and mail have it. */
const base64Rows = (value: Buffer): readonly string[] =>
  [48, 57].flatMap((size) =>
    value.length <= size
      ? []
      : Array.from({ length: Math.ceil(value.length / size) }, (_, row) =>
          value.subarray(row * size, (row + 1) * size),
        )
          .filter((row) => row.length >= shortestLine)
          .flatMap((row) => base64Within(row, 0)),
  );

function escapes(text: string): readonly string[] {
  const line = printableLine(text); // as we ourselves print what others said
  return [line, ...jsonEscapes(text), ...urlEscapes(text), ...quotes(text), ...markup(text)];
}

function jsonEscapes(text: string): readonly string[] {
  const json = jsonOf(text);
  const ascii = json.replace(/[^ -~]/g, unicode);
  const slashes = (form: string): string => form.replaceAll("/", "\\/");
  const html = (form: string): string => form.replace(/[<>&\u2028\u2029]/g, unicode);
  return [json, ascii, slashes(json), slashes(ascii), html(json), html(ascii), jsonOf(json)];
}

const jsonOf = (text: string): string => JSON.stringify(text).slice(1, -1);
const unicode = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

function urlEscapes(text: string): readonly string[] {
  const component = encodeURIComponent(text);
  const strict = component.replace(/[!'()*]/g, percent);
  const login = strict.replace(/%(?:24|26|2B|2C|3B|3D)/g, decodeURIComponent);
  const upper = [component, strict, login, encodeURI(text), strict.replaceAll("%20", "+")];
  return [...upper, ...upper.map((form) => form.replace(/%../g, (code) => code.toLowerCase()))];
}

const percent = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** For shells, and as languages print a string. */
const quotes = (text: string): readonly string[] => [
  text.replaceAll("'", "'\\''"),
  text.replaceAll("'", `'"'"'`),
  text.replaceAll("'", "''"),
  text.replace(/[\\"$`]/g, "\\$&"),
  jsonOf(text).replaceAll('\\"', '"'),
  jsonOf(text).replaceAll('\\"', '"').replaceAll("'", "\\'"),
];

function markup(text: string): readonly string[] {
  const named = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return [
    named,
    named.replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
    named.replaceAll('"', "&#34;").replaceAll("'", "&#39;"),
    named.replaceAll('"', "&quot;").replaceAll("'", "&#x27;"),
  ];
}
