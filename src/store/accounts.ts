import { isObject } from "../lib/json.ts";
import type { JsonFile } from "../lib/json-file.ts";
import type { Accounts } from "../model/issuer.ts";
import { Secret } from "../model/secret.ts";

export const maxAccountsBytes = 256 * 1024;

export function accountsIn(file: JsonFile): Accounts {
  const all = async (): Promise<Readonly<Record<string, string>>> => {
    const { value } = await file.read();
    const found = isObject(value) && isObject(value["accounts"]) ? value["accounts"] : {};
    return Object.fromEntries(
      Object.entries(found).filter((one): one is [string, string] => typeof one[1] === "string"),
    );
  };
  return {
    read: async (directory) => {
      const pem = (await all())[directory];
      return pem === undefined ? undefined : new Secret(`account at ${directory}`, pem);
    },
    write: async (directory, key) => {
      const accounts = { ...(await all()), [directory]: key.revealText() ?? "" };
      await file.write({ version: 1, accounts });
    },
  };
}
