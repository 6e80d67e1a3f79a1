import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { machineFile } from "../support/infra.ts";
import { saidOf, untimed } from "../support/planned.ts";
import { openSite, type Site } from "../support/site.ts";

const machines = ["web-1", "web-2"] as const;
const dropIn = "/etc/ssh/sshd_config.d/00-slipway-acme.conf";

/** web-1 has an sshd of its own and no folder of settings; web-2 has Debian's, under systemd. */
describe("sshd as the machine's file says", () => {
  let site: Site;

  const run = async (machine: string, script: string): Promise<string> =>
    (await site.fleet.machine(machine).exec(["sh", "-c", script])).stdout.trim();
  const declare = async (sshd: string): Promise<string> =>
    await site.commit(
      "sshd",
      Object.fromEntries(
        machines.map((m) => [`machines/${m}.yaml`, machineFile(site.fleet, m, sshd)]),
      ),
    );
  const onBoth = (script: string): Promise<readonly string[]> =>
    Promise.all(machines.map((machine) => run(machine, script)));
  const filesOf = (): Promise<readonly string[]> =>
    onBoth("cat /etc/ssh/sshd_config; cat /etc/ssh/sshd_config.d/*.conf 2>/dev/null");
  const setting = (name: string): Promise<readonly string[]> =>
    onBoth(`/usr/sbin/sshd -T | sed -n 's/^${name} //p'`);
  const planned = async (): Promise<readonly string[]> =>
    changesOf(await site.by((controller) => controller.plan())).map(({ address, reason, fields }) =>
      [
        `${address}: ${untimed(reason.text)}`,
        ...fields.map((f) => `${f.path} ${String(f.live ?? "")}`),
      ].join(", "),
    );

  before(async () => {
    site = await openSite({ machines: ["web-1", { name: "web-2", bare: "engine" }] }, {});
  });
  after(async () => {
    await site?.close();
  });

  test("has its settings, heals them, and gets back what was before", async () => {
    const former = await filesOf();
    const declared = await declare("sshd: { MaxAuthTries: 3, X11Forwarding: no }\n");
    const trials = machines.map((machine) => `machine/${machine}/sshd`);
    const made = await saidOf(site);
    assert.match(
      made.text,
      / {3}\+ sshd on web-1: settings of sshd are not set by Slipway \(machines\/web-1\.yaml:4\)\n {7}MaxAuthTries: 6 → 3\n(?: {7}.*\n)* {7}! could cut us off: the machine itself puts it back unless a new login comes through\n/,
    );
    assert.deepEqual(made.trials, trials);
    await site.settle();
    assert.deepEqual(await setting("maxauthtries"), ["3", "3"]);
    // Above ours in the file that is read first, below in the order that counts: healed by the line that names ours.
    await run("web-1", "sed -i '1i MaxAuthTries 9' /etc/ssh/sshd_config");
    await run("web-2", `sed -i 's/^MaxAuthTries.*/MaxAuthTries 8/' ${dropIn}`);
    assert.deepEqual(await planned(), [
      "machine/web-1/sshd: settings of sshd are not as declared; /etc/ssh/sshd_config changed, MaxAuthTries 9",
      `machine/web-2/sshd: settings of sshd are not as declared; ${dropIn} changed, MaxAuthTries 8`,
    ]);
    const [change] = changesOf(await site.by((controller) => controller.plan()));
    assert.match(change?.reason.where?.file ?? "", /machines\/web-1\.yaml$/);
    await site.settle();
    assert.deepEqual(await setting("maxauthtries"), ["3", "3"]);
    await run("web-1", "sed -i '/^MaxAuthTries 9$/d' /etc/ssh/sshd_config");
    await site.infra.revert(declared);
    const gone = await saidOf(site);
    assert.match(
      gone.text,
      /- sshd on web-1 and web-2: settings of sshd are no longer declared: what its other files say counts again\n {7}! could cut us off/,
    );
    assert.deepEqual(gone.trials, trials);
    await site.settle();
    assert.deepEqual(await filesOf(), former);
    assert.deepEqual(await onBoth("ls /var/lib/slipway/acme/before"), ["", ""]);
  });

  test("says what sshd does not take, and leaves it as it was", async () => {
    const former = await filesOf();
    const declared = await declare("sshd: { MaxAuthTries: some }\n");
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "incomplete");
    assert.match(outcome.text, /web-1: .*MaxAuthTries|integer/);
    assert.deepEqual(await filesOf(), former);
    await site.infra.revert(declared);
    await site.settle();
  });

  test("what would lock us out is put back, not tried elsewhere, nor again", async () => {
    const former = await filesOf();
    const restarted = await onBoth("stat -c %Y /run/sshd.pid");
    await declare("sshd: { AllowUsers: nobody }\n");
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "reverted", JSON.stringify(outcome));
    assert.match(
      outcome.text,
      /^web-1: sshd as declared would lock us out, and was put back as it was: \S+ refuses the login as root/,
    );
    assert.deepEqual(
      outcome.held.map(({ address, text }) => `${address}: ${text}`)[1],
      "machine/web-2/sshd: not tried, as machine/web-1/sshd would have locked us out; needs another declaration, or Slipway-Retry: machine/web-2/sshd",
    );
    assert.deepEqual(await filesOf(), former);
    assert.equal(await run("web-2", "ls /var/lib/slipway/acme/before"), "");
    assert.equal((await onBoth("stat -c %Y /run/sshd.pid"))[1], restarted[1]);
    const told = await run("web-1", "stat -c %Y /run/sshd.pid");
    assert.deepEqual(await planned(), []);
    assert.equal((await site.reconcile()).outcome, "reverted");
    assert.equal(await run("web-1", "stat -c %Y /run/sshd.pid"), told);
    await declare("sshd: { AllowUsers: root }\n");
    await site.settle();
    assert.deepEqual(await setting("allowusers"), ["root", "root"]);
  });
});
