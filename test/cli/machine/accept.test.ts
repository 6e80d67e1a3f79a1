import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Parts } from "../../../src/cli/parts.ts";
import { runCli } from "../../../src/cli/program.ts";
import { openFleet } from "../../../src/remote/open.ts";
import { makeInfra, type Infra } from "../../support/infra.ts";
import { assertPublished } from "../../support/published.ts";
import { startSshd, type Sshd } from "../../support/sshd.ts";
import { noParts, recordedIo } from "../screen.ts";

const parts: Parts = { ...noParts, openFleet: (login) => Promise.resolve(openFleet(login)) };
const [first, second] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];

describe("slipway machine accept", () => {
  let infra: Infra;
  let home: string;
  let sshd: Sshd;

  const file = (): string => join(infra.repo, "machines/web-1.yaml");
  const written = async (): Promise<string> => await readFile(file(), "utf8");
  const text = (hostKey: string, more = ""): string =>
    `address: 127.0.0.1\nhostKey: ${hostKey}\nssh: { port: ${sshd.port} }\n${more}`;

  before(async () => {
    [infra, home, sshd] = await Promise.all([
      makeInfra(),
      mkdtemp(join(tmpdir(), "slipway-accept-")),
      startSshd({ machineId: `${first}\n` }),
    ]);
    await writeFile(join(home, "key"), sshd.privateKey, { mode: 0o600 });
    await infra.commit("Start", {
      "slipway.yaml": "fleet: acme\n",
      "machines/web-1.yaml": text(ownKey()),
      "apps/shop.yaml": "image: shop:1\nmachines: all\n",
    });
  });
  after(async () => {
    await sshd?.stop();
    await infra?.close();
    await rm(home, { recursive: true, force: true });
  });

  const ownKey = (): string => sshd.hostKeys["ssh-ed25519"] ?? "";
  const accept = async (...more: string[]) => {
    const env = { SLIPWAY_SSH_KEY: join(home, "key"), SLIPWAY_STATE: join(home, "state") };
    const io = recordedIo({ cwd: infra.repo, home, env });
    const code = await runCli(["machine", "accept", "web-1", ...more], io, parts);
    return { code, ...io.said() };
  };

  it("pins a machine-id that was not pinned yet, beside a host key that stays", async () => {
    const before = await written();
    const asked = await accept();
    assert.equal(asked.code, 2, asked.err);
    assert.match(asked.err, /the pinned host key, and a machine-id that is not pinned yet/);
    assert.match(asked.err, new RegExp(`machine-id none\n.*machine-id ${first}\n`));
    assert.equal(await written(), before);
    const { code, out } = await accept("--yes", "--json");
    assert.equal(code, 0);
    const document = JSON.parse(out) as Record<string, unknown>;
    assertPublished("machine-accept", document);
    assert.deepEqual([document["machineIdBefore"], document["machineId"]], [null, first]);
    assert.equal(await written(), text(ownKey(), `machineId: ${first}\n`));
    const again = await accept();
    assert.match(again.out, /and the machine-id that are pinned: nothing to accept/);
  });

  it("pins both of a machine that was reinstalled, and changes nothing else", async () => {
    const stranger =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    await writeFile(file(), text(stranger, `# why\nmachineId: ${first} # ours\n`));
    await sshd.setMachineId(`${second}\n`);
    const { code, err } = await accept("--yes");
    assert.equal(code, 0, err);
    assert.match(err, /another host key than the pinned one/);
    assert.equal(await written(), text(ownKey(), `# why\nmachineId: ${second} # ours\n`));
  });

  it("says that there is none to pin", async () => {
    await sshd.setMachineId("");
    const before = await written();
    const { code, err } = await accept("--yes");
    assert.equal(code, 1);
    assert.match(err, /web-1 has no machine-id, and one is pinned\n.*take machineId out of/);
    assert.equal(await written(), before);
    await writeFile(file(), text(ownKey()));
    assert.match((await accept()).out, /has no machine-id: nothing to accept/);
  });
});
