import { readFile } from "node:fs/promises";
import { readCertificate } from "../lib/certificate.ts";
import type { Issuer } from "../model/issuer.ts";
import { accountsIn, maxAccountsBytes } from "../store/accounts.ts";
import { openStateDir } from "../store/state-dir.ts";
import type { Context } from "./command.ts";
import { withoutCredentials } from "./credentials.ts";
import { UserError } from "./trouble.ts";

/** Who has certificates issued for what this controller runs. Throws UserError, StateError. */
export async function issuerFor(context: Context, stateDir: string): Promise<Issuer> {
  const { options, parts, io } = context;
  const { acmeCa, acmeDnsCommand } = options;
  const state = await openStateDir(stateDir);
  return await parts.openIssuer({
    ...(acmeCa === undefined ? {} : { ca: await rootsIn(acmeCa) }),
    ...(acmeDnsCommand === undefined ? {} : { dnsCommand: acmeDnsCommand }),
    accounts: accountsIn(state.file("accounts.json", maxAccountsBytes)),
    env: withoutCredentials(io.env),
  });
}

async function rootsIn(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) throw new UserError("usage", `SLIPWAY_ACME_CA: ${file} cannot be read`);
  if (readCertificate(text.slice(0, 65_536)) === undefined)
    throw new UserError("usage", `SLIPWAY_ACME_CA: ${file} holds no certificate in PEM`);
  return text;
}
