import { UserError } from "./trouble.ts";

/** Commands that are meant to come, with what there is until then. */
const commands: Readonly<Record<string, string>> = {
  import:
    "Until then write apps/NAME.yaml by hand; 'slipway validate' names what Compose calls otherwise.",
};

/** The same of flags, by command. */
const flags: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  run: { "--listen": "Until then the daemon looks at the branch every --interval." },
};

/** Undefined for a command that is not even planned. */
export function laterCommand(name: string): UserError | undefined {
  const hint = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return hint === undefined
    ? undefined
    : new UserError("not-yet", `'slipway ${name}' is not there yet`, hint);
}

export function laterFlag(command: string, flag: string): UserError | undefined {
  const hint = flags[command]?.[flag];
  return hint === undefined
    ? undefined
    : new UserError("not-yet", `'slipway ${command} ${flag}' is not there yet`, hint);
}
