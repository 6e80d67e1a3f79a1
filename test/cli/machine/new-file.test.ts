import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { machineName, parseHost, parseLabels } from "../../../src/cli/machine/host.ts";
import { newMachineFile, type NewMachine } from "../../../src/cli/machine/new-file.ts";
import { UserError } from "../../../src/cli/trouble.ts";
import { documentsOf } from "../../load/repos.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS";
const app = "image: registry.example.com/shop:1\nmachines: all\nhealth: off\n";

describe("the file of a new machine", () => {
  const files: readonly (readonly [what: string, machine: Partial<NewMachine>])[] = [
    ["with the least", {}],
    ["with IPv6", { address: "2001:db8::1", privateAddress: "fd00::1" }],
    [
      "with labels that look like something else",
      {
        labels: new Map([
          ["role", ["web", "1.10"]],
          ["on", ["true"]],
          ["zone", ["2024-01-01"]],
        ]),
      },
    ],
    ["with a machine-id", { machineId: "0123456789abcdef0123456789abcdef" }],
    [
      "with a machine-id that looks like a number",
      { machineId: "12345678901234567890123456789e12" },
    ],
    ["behind another port", { port: 2222, privateAddress: "10.0.0.1" }],
  ];
  for (const [what, more] of files)
    it(`is without a finding ${what}`, async () => {
      const machine = {
        address: "203.0.113.10",
        port: 22,
        user: "deploy",
        hostKey,
        labels: new Map(),
        ...more,
      };
      const documents = await documentsOf({
        "slipway.yaml": "fleet: acme\n",
        "apps/shop.yaml": app,
        "machines/web-1.yaml": newMachineFile(machine, "../.schemas/machine.schema.json"),
      });
      const { fields } = documents.machines.get("web-1") ?? assert.fail();
      assert.equal(fields.address, machine.address);
      assert.equal(fields.privateAddress, more.privateAddress);
      assert.equal(fields.hostKey, hostKey);
      assert.equal(fields.machineId, more.machineId);
      assert.equal(fields.ssh?.user, "deploy");
      for (const [key, values] of more.labels ?? [])
        assert.deepEqual([fields.labels?.[key]].flat(), values);
    });
});

describe("the host on the command line", () => {
  it("has a user, an address and a port", () => {
    assert.deepEqual(parseHost("203.0.113.10"), {
      address: "203.0.113.10",
      port: 22,
      user: "root",
    });
    assert.deepEqual(parseHost("ubuntu@[2001:db8::1]:2222"), {
      address: "2001:db8::1",
      port: 2222,
      user: "ubuntu",
    });
    assert.deepEqual(parseHost("web.example.com:23").port, 23);
    for (const text of ["", "a b", "-x", "host:0", "host:70000", "u@@h"])
      assert.throws(() => parseHost(text), UserError, text);
  });

  it("gives the machine its name, unless there is one", () => {
    assert.equal(machineName(undefined, "Web-1.example.com"), "web-1");
    assert.equal(machineName("db", "web-1"), "db");
    for (const own of ["localhost", "", "ho_st"])
      assert.throws(() => machineName(undefined, own), UserError);
    assert.throws(() => machineName("../x", "web-1"), UserError);
  });

  it("has labels", () => {
    assert.deepEqual(
      [...parseLabels(["role=web", "role=db", "zone=a"])],
      [
        ["role", ["web", "db"]],
        ["zone", ["a"]],
      ],
    );
    for (const text of ["role", "role=", "=web", "a=b c"])
      assert.throws(() => parseLabels([text]), UserError);
  });
});
