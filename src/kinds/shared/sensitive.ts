import type { Json } from "../../lib/json.ts";

const sensitiveName =
  /pass(word|wd|phrase)?|secret|token|credential|private|api_?key|access_?key|_key$|^key$|auth|dsn|cookie|salt/i;
const loginInUrl = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi;

const hidden = "(hidden)";

/** A live value as it may be shown: by its name it may be a secret, or it may carry a login in a URL. */
export function shown(path: string, value: Json): Json {
  const name = /^(?:env|labels)\.(.*)$/s.exec(path)?.[1];
  if (name !== undefined && sensitiveName.test(name)) return hidden;
  if (typeof value === "string") return value.replace(loginInUrl, "$1:(hidden)@");
  if (Array.isArray(value)) return value.map((item: Json) => shown(path, item));
  return value;
}
