import { join } from "node:path";
import { globalFlags } from "./flags.ts";
import type { Io } from "./io.ts";
import { UserError } from "./trouble.ts";

/** What every command is told, from flags and the environment. */
export interface GlobalOptions {
  readonly repo?: string;
  readonly branch: string;
  readonly path?: string;
  readonly environment?: string;
  /** Files; empty: the agent's keys and the usual files. */
  readonly sshKeys: readonly string[];
  readonly sshPassphrase?: string;
  /** Files of age keys, or SSH keys that open what age sealed; empty: the fleet's own. */
  readonly ageKeys: readonly string[];
  readonly agePassphrase?: string;
  /** Default: by repository, below the user's state folder. */
  readonly state?: string;
  readonly json: boolean;
  readonly acceptNewHostKeys: boolean;
  readonly allowRewind: boolean;
  readonly allowUnpushed: boolean;
  /** Of what goes to stdout and to stderr. */
  readonly color: { readonly out: boolean; readonly err: boolean };
  readonly verbose: boolean;
  readonly repoToken?: string;
  readonly forgeToken?: string;
  /** The only API that the token may go to. */
  readonly forgeApi?: string;
  /** What sets records of the DNS for certificates, in words. */
  readonly acmeDnsCommand?: readonly string[];
  /** A file with roots that authorities for certificates are trusted by, besides the usual ones. */
  readonly acmeCa?: string;
}

type Given = Readonly<Record<string, unknown>>;

/** `given` is what commander read from the command line; flags win over variables. Throws UserError. */
export function globalOptions(given: Given, io: Pick<Io, "env" | "out" | "err">): GlobalOptions {
  const { env } = io;
  const text = (
    name: "repo" | "branch" | "path" | "environment" | "state" | "acmeDnsCommand",
  ): string | undefined => nonEmpty(given[name]) ?? nonEmpty(env[globalFlags[name].env]);
  const isOn = (
    name: "json" | "acceptNewHostKeys" | "allowRewind" | "allowUnpushed" | "verbose",
  ): boolean => given[name] === true || switchOf(globalFlags[name].env, env[globalFlags[name].env]);
  const files = (name: "sshKey" | "ageKey"): readonly string[] => {
    const list = Array.isArray(given[name]) ? (given[name] as readonly string[]) : [];
    const named = list.length > 0 ? list : nonEmpty(env[globalFlags[name].env])?.split(":");
    return (named ?? []).filter((file) => file !== "");
  };
  const dnsCommand = text("acmeDnsCommand")
    ?.split(/\s+/)
    .filter((word) => word !== "");
  const mayColor = given["color"] !== false && nonEmpty(env["NO_COLOR"]) === undefined;
  return {
    ...optional("repo", text("repo")),
    branch: text("branch") ?? "main",
    ...optional("path", text("path")),
    ...optional("environment", text("environment")),
    sshKeys: files("sshKey"),
    ...optional("sshPassphrase", nonEmpty(env["SLIPWAY_SSH_PASSPHRASE"])),
    ageKeys: files("ageKey"),
    ...optional("agePassphrase", nonEmpty(env["SLIPWAY_AGE_PASSPHRASE"])),
    ...optional("state", text("state")),
    json: isOn("json"),
    acceptNewHostKeys: isOn("acceptNewHostKeys"),
    allowRewind: isOn("allowRewind"),
    allowUnpushed: isOn("allowUnpushed"),
    color: { out: mayColor && io.out.isTerminal, err: mayColor && io.err.isTerminal },
    verbose: isOn("verbose"),
    ...optional("repoToken", nonEmpty(env["SLIPWAY_REPO_TOKEN"])),
    ...optional("forgeToken", nonEmpty(env["SLIPWAY_FORGE_TOKEN"])),
    ...optional("forgeApi", nonEmpty(env["SLIPWAY_FORGE_API"])),
    ...(dnsCommand === undefined || dnsCommand.length === 0 ? {} : { acmeDnsCommand: dnsCommand }),
    ...optional("acmeCa", nonEmpty(env["SLIPWAY_ACME_CA"])),
  };
}

/** The folder for what belongs to the user and not to a repo. */
export const configDir = ({ env, home }: Pick<Io, "env" | "home">): string =>
  join(nonEmpty(env["XDG_CONFIG_HOME"]) ?? join(home, ".config"), "slipway");

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const optional = <K extends string>(
  key: K,
  value: string | undefined,
): { readonly [P in K]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string };

/** Throws UserError. */
export function switchOf(name: string, value: string | undefined): boolean {
  if (value === undefined || value === "" || value === "0" || value === "false") return false;
  if (value === "1" || value === "true") return true;
  throw new UserError("usage", `${name} is '${value}': it is 1 or 0`);
}
