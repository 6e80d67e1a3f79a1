import type { Run } from "../../command.ts";
import { isOn } from "../../given.ts";
import { rotate } from "../../secrets/rotate.ts";

export const run: Run = async (context, given) => {
  const names = given.args.filter((name) => name !== undefined);
  return await rotate(context, { names, all: isOn(given, "all") });
};
