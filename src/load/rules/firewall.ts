import { parseNetwork, parsePorts } from "../../lib/opening.ts";
import type { Rule } from "./repo.ts";

export const openingsAreNetworksAndPorts: Rule = ({ machines }, report) => {
  for (const { fields, at } of machines.values()) {
    for (const [index, { port, from = [] }] of (fields.firewall?.allow ?? []).entries()) {
      const path = ["firewall", "allow", index];
      if (parsePorts(port) === undefined)
        report(
          "bad-format",
          at([...path, "port"]),
          `${port} is no port (1-65535) or range of ports`,
        );
      const sources = typeof from === "string" ? [from] : from;
      for (const [i, source] of sources.entries()) {
        if (parseNetwork(source) !== undefined) continue;
        report(
          "bad-format",
          at([...path, "from", ...(typeof from === "string" ? [] : [i])]),
          `${source} is neither an IP address nor a network such as 198.51.100.0/24`,
        );
      }
    }
  }
};
