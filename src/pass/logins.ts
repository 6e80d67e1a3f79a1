import { registryOf } from "../lib/image-name.ts";
import { registryAuth } from "../lib/registry-auth.ts";
import type { Documents } from "../model/documents.ts";
import type { SealedText } from "../model/sealed.ts";
import type { LoginOf } from "../observe/images.ts";

/** The logins of a revision, each opened when its registry is asked. */
export const loginsOf =
  ({ logins }: Pick<Documents, "logins">, reveal: (sealed: SealedText) => Uint8Array): LoginOf =>
  (text) => {
    const registry = registryOf(text);
    const login = logins.get(registry);
    if (login === undefined) return undefined;
    const { user, password } = login;
    return { header: registryAuth({ registry, user, password: reveal([password]) }) };
  };
