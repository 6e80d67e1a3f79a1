import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf } from "../../src/kinds/index.ts";
import type { Opening } from "../../src/lib/opening.ts";
import type { Observation } from "../../src/model/observation.ts";
import { diffMachine } from "../../src/plan/diff.ts";
import { facts } from "../support/converge.ts";

const state = {
  outside: ["eth0"],
  links: { "203.0.113.10": "eth0" },
  sshPort: 22,
  isOurs: true,
  table: [],
  rules: '# open: ["tcp 22","tcp 8080"]\n',
};

const seen: Observation = {
  machine: "web-1",
  facts,
  inventory: { state: "absent" },
  kinds: new Map([["machine/firewall", { state: "present", value: new Map([["", state]]) }]]),
  troubles: [],
};

const trialOf = (declared: number, leaving?: readonly Opening[]): string | undefined => {
  const spec = {
    address: "203.0.113.10",
    peers: [],
    ssh: 22,
    declared: [{ protocol: "tcp", ports: [declared, declared] }],
    allow: [],
    ...(leaving === undefined ? {} : { leaving }),
  };
  const firewall = {
    address: "machine/web-1/firewall",
    kind: "machine/firewall",
  };
  const wanted = [{ ...firewall, machine: "web-1", name: "", spec }];
  const { changes } = diffMachine(
    "web-1",
    seen,
    wanted,
    [kindOf("machine/firewall")],
    () => "as wanted",
  );
  return changes[0]?.trial;
};

test("one that locked us out is known again once what leaves has gone", () => {
  const wanted = trialOf(9090, [{ protocol: "tcp", ports: [8080, 8080] }]);
  assert.ok(wanted !== undefined);
  assert.equal(trialOf(9090), wanted);
  assert.notEqual(trialOf(9091), wanted);
});
