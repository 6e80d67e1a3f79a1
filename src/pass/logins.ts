import { registryOf } from "../lib/image-name.ts";
import { registryAuth } from "../lib/registry-auth.ts";
import type { Documents } from "../model/documents.ts";
import type { LoginOf } from "../observe/images.ts";
import type { OpenedSecrets } from "./secrets.ts";

/** The logins of a revision at registries, with their opened passwords. */
export const loginsOf =
  ({ logins }: Pick<Documents, "logins">, opened: OpenedSecrets): LoginOf =>
  (text) => {
    const registry = registryOf(text);
    const login = logins.get(registry);
    const password = login && opened.get(login.password.id);
    if (login === undefined || password === undefined) return undefined;
    return { header: registryAuth({ registry, user: login.user, password: password.reveal() }) };
  };
