import type { Machine } from "../machine.ts";
import { isUncutKey } from "../public-key.ts";
import type { Rule } from "./repo.ts";

/** What would change which of its lines sshd takes as ours, or where it is found. */
const notSet: ReadonlyMap<string, string> = new Map([
  ["include", "files of other names are read as they are"],
  ["match", "settings for some connections only cannot be declared here"],
  ["subsystem", "sshd does not take a second one"],
  ["pidfile", "it is by that file that sshd is found"],
]);

export const sshdIsClear: Rule = ({ machines }, report) => {
  for (const { fields, at, knows } of machines.values()) {
    const known = new Set<string>();
    for (const [keyword, value] of Object.entries(fields.sshd ?? {})) {
      const name = keyword.toLowerCase();
      const why = notSet.get(name);
      const where = at(["sshd", keyword]);
      if (why !== undefined) report("sshd-unclear", where, `sshd cannot have ${keyword}: ${why}`);
      else if (known.has(name))
        report("sshd-unclear", where, `${keyword} is there already, written otherwise`);
      known.add(name);
      const port = fields.ssh?.port ?? 22;
      if (name !== "port" || !knows(["ssh", "port"]) || value === String(port)) continue;
      report(
        "sshd-unclear",
        where,
        `sshd would listen on port ${value}, and is reached on port ${port}; write ssh: { port: ${value} } once it is there`,
      );
    }
  }
};

/** A key that is cut off lets nobody in, and nothing else says so. Of the fleet's users each is said once. */
export const usersHaveWholeKeys: Rule = ({ machines }, report) => {
  const said = new Set<string>();
  for (const machine of machines.values()) {
    for (const { user, index } of damagedKeys(machine)) {
      const where = machine.at(["users", user, "keys", index]);
      const place = `${where.file}:${where.line}:${where.col}`;
      if (said.has(place)) continue;
      said.add(place);
      report(
        "bad-public-key",
        where,
        `this is not a whole public key, and lets nobody in as ${user}`,
      );
    }
  }
};

const damagedKeys = ({ fields }: Machine): readonly { user: string; index: number }[] =>
  Object.entries(fields.users ?? {}).flatMap(([user, { keys }]) =>
    (keys ?? []).flatMap((key, index) => {
      const [, text = ""] = /((?:ssh|ecdsa|sk)-\S+ \S+)(?: [^"]*)?$/.exec(key) ?? [];
      return isUncutKey(text) ? [] : [{ user, index }];
    }),
  );
