import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { machineFile, settingsFile } from "../support/infra.ts";
import { saidOf, untimed } from "../support/planned.ts";
import { openSite, type Site } from "../support/site.ts";

const machines = ["web-1", "web-2"] as const;
const key = (text: string): string =>
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${text.padEnd(43, "A")} ${text}`;

/** web-1 is a Debian under systemd, web-2 is not; we log in as deploy, by sudo. */
describe("users as the files say", () => {
  let site: Site;
  let ours = "";

  const run = async (machine: string, script: string): Promise<string> =>
    (await site.fleet.machine(machine).exec(["sh", "-c", script])).stdout.trim();
  const declare = async (users: string, more = "", message = "Users"): Promise<string> =>
    await site.commit(message, {
      "slipway.yaml": `${settingsFile("acme")}users: ${users}\n`,
      ...Object.fromEntries(
        machines.map((m) => [
          `machines/${m}.yaml`,
          machineFile(site.fleet, m, `ssh: { user: deploy }\n${m === "web-2" ? more : ""}`),
        ]),
      ),
    });
  const keysOf = (machine: string, user: string): Promise<string> =>
    run(machine, `cat ~${user}/.ssh/authorized_keys`);
  const planned = async (): Promise<readonly string[]> =>
    changesOf(await site.by((controller) => controller.plan())).map(({ address, reason, fields }) =>
      [
        `${address}: ${untimed(reason.text)}`,
        ...fields.map((f) => `${f.path} ${String(f.live ?? "")}`),
      ].join(", "),
    );

  before(async () => {
    site = await openSite(
      { machines: [{ name: "web-1", bare: "engine", deploy: true }, "web-2"] },
      {},
    );
    ours = (await readFile(`${site.fleet.sshKeyFile}.pub`, "utf8")).trim();
  });
  after(async () => {
    await site?.close();
  });

  test("are made, healed, merged, and go with their commit", async () => {
    await declare("{}");
    await site.settle();
    const declared = await declare(
      `{ ada: { keys: ["${key("ada")}"], sudo: true, shell: /bin/bash, groups: [docker] } }`,
      `users: { ada: { sudo: false, shell: null }, bob: { keys: ["${key("bob")}"] } }\n`,
    );
    const made = await saidOf(site);
    assert.match(
      made.text,
      /\+ users ada on web-1: .*\(slipway\.yaml:3\)\n {7}keys: \(none\) → .* ada\n/,
    );
    assert.match(made.text, /\+ users bob on web-2: .*\(machines\/web-2\.yaml:5\)/);
    // Whose login is not ours does not cut us off.
    assert.deepEqual(made.trials, []);
    await site.settle();
    for (const machine of machines) {
      assert.equal(await keysOf(machine, "ada"), key("ada"));
      assert.match(await run(machine, "getent shadow ada"), /^ada:\*:/);
      assert.match(await run(machine, "id -Gn ada"), /\bdocker\b/);
      assert.equal(
        await run(machine, "stat -c '%a %U' /home/ada/.ssh /home/ada/.ssh/authorized_keys"),
        "700 ada\n600 ada",
      );
    }
    const asRoot = "runuser -u ada -- sudo -n id -u";
    assert.equal(await run("web-1", asRoot), "0");
    assert.equal(await run("web-2", asRoot), "");
    assert.equal(await keysOf("web-2", "bob"), key("bob"));
    assert.equal(await run("web-1", "getent passwd bob"), "");

    await run("web-1", `echo '${key("eve")}' >>/home/ada/.ssh/authorized_keys`);
    await run("web-2", `echo '${key("eve")}' >/home/ada/.ssh/authorized_keys2`);
    await run("web-2", "usermod -s /bin/false bob; rm /home/bob/.ssh/authorized_keys");
    assert.deepEqual(await planned(), [
      "machine/web-1/users/ada: ada is not as declared; /home/ada/.ssh/authorized_keys changed, keys ssh-ed25519 …AAAAAAAA eve",
      "machine/web-2/users/ada: ada has /home/ada/.ssh/authorized_keys2, which sshd reads too; /home/ada/.ssh/authorized_keys2 changed, keys in authorized_keys2: ssh-ed25519 …AAAAAAAA eve",
      "machine/web-2/users/bob: bob is not as declared, keys ",
    ]);
    const [change] = changesOf(await site.by((controller) => controller.plan()));
    assert.equal(change?.reason.where?.file, "slipway.yaml");
    await site.settle();
    assert.equal(await keysOf("web-1", "ada"), key("ada"));
    assert.equal(await run("web-2", "ls /home/ada/.ssh"), "authorized_keys");

    await run(
      "web-1",
      "touch /home/ada/kept; setsid runuser -u ada -- sleep 600 >/dev/null 2>&1 &",
    );
    // As when the power went while userdel was at it.
    await run("web-2", "usermod -aG docker bob; sed -i '/^bob:/d' /etc/passwd");
    await site.infra.revert(declared);
    assert.match(
      (await saidOf(site)).text,
      /- users ada on web-1 and web-2: ada is no longer declared/,
    );
    await site.settle();
    for (const machine of machines) {
      assert.equal(
        await run(machine, "getent passwd ada bob; ls /etc/sudoers.d | grep slipway"),
        "",
      );
      assert.equal(await run(machine, "ls /var/lib/slipway/acme/before/users"), "");
    }
    assert.equal(await run("web-2", "grep -h bob /etc/group /etc/gshadow /etc/shadow || :"), "");
    assert.equal(
      await run("web-1", "ls -a /home/ada /home/ada/.ssh | grep -e kept -e auth"),
      "kept",
    );
  });

  test("who was there before is taken over, and gets back what was before", async () => {
    await run("web-2", "useradd -m -d /srv/carol -s /bin/sh carol; mkdir -m 700 /srv/carol/.ssh");
    await run(
      "web-2",
      `cd /srv/carol/.ssh; echo '${key("old")}' >authorized_keys; echo '${key("older")}' >authorized_keys2; chmod 640 *; chown -R carol: .`,
    );
    const carol = `users: { carol: { keys: ["${key("new")}"], shell: /bin/bash } }\n`;
    await declare("{}", carol);
    const held = await site.reconcile();
    assert.equal(held.outcome, "held");
    assert.match(
      held.text,
      /^needs Slipway-Allow: delete machine\/web-2\/users\/carol: carol could no longer log in with ssh-ed25519 …AAAAAAAA old, ssh-ed25519 …AAAAAAAA older$/,
    );
    assert.equal(await keysOf("web-2", "carol"), key("old"));
    await declare("{}", carol, "Carol\n\nSlipway-Allow: delete machine/web-2/users/carol");
    await site.settle();
    assert.equal(await keysOf("web-2", "carol"), key("new"));
    assert.equal(await run("web-2", "ls /srv/carol/.ssh"), "authorized_keys");
    await declare("{}", "", "No Carol\n\nSlipway-Allow: delete machine/web-2/users");
    await site.settle();
    assert.equal(await keysOf("web-2", "carol"), key("old"));
    assert.equal(await run("web-2", "cat /srv/carol/.ssh/authorized_keys2"), key("older"));
    assert.equal(
      await run("web-2", "stat -c '%a %U' /srv/carol/.ssh/*; getent passwd carol"),
      `640 carol\n640 carol\n${await run("web-2", "getent passwd carol")}`,
    );
    assert.match(await run("web-2", "getent passwd carol"), /:\/bin\/sh$/);
  });

  test("a home that leads elsewhere is refused, and the system's accounts are left alone", async () => {
    await run(
      "web-2",
      "useradd -m -d /srv/mallory mallory; mkdir /srv/prey; ln -s /srv/prey /srv/mallory/.ssh",
    );
    await run(
      "web-2",
      "useradd -m -d /srv/trudy trudy; runuser -u trudy -- sh -c 'mkdir -m 700 ~/.ssh && ln -s /srv/prey/keys ~/.ssh/authorized_keys2'",
    );
    const declared = await declare(
      "{}",
      `users: { mallory: { keys: ["${key("mal")}"] }, trudy: { keys: [] }, daemon: { keys: [] } }\n`,
    );
    const outcome = await site.reconcile();
    assert.match(JSON.stringify(outcome.troubles), /\/srv\/mallory\/\.ssh is not a folder/);
    assert.match(JSON.stringify(outcome.troubles), /trudy\/\.ssh\/authorized_keys2 is not a file/);
    assert.match(JSON.stringify(outcome.held), /daemon is an account of the machine's own system/);
    assert.equal(await run("web-2", "ls -a /srv/prey"), ".\n..");
    await site.infra.revert(declared);
    await site.settle();
  });

  test("a key or a right by which we log in is put back, and not tried elsewhere", async () => {
    const allowed = "Deploy\n\nSlipway-Allow: delete machine";
    // Where it is tried the second file is the only way in.
    await run("web-1", "cd /home/deploy/.ssh && mv authorized_keys authorized_keys2");
    await declare(`{ deploy: { keys: ["${key("other")}"] } }`, "", allowed);
    const { text, trials } = await saidOf(site);
    assert.match(
      text,
      /users deploy on web-1.*\n {7}keys: .* → .* other\n(?: {7}.*\n)* {7}! could cut us off/,
    );
    assert.deepEqual(
      trials,
      machines.map((machine) => `machine/${machine}/users/deploy`),
    );
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "reverted", JSON.stringify(outcome));
    assert.match(
      outcome.text,
      /^web-1: user deploy as declared would lock us out, and was put back as it was: \S+ refuses the login as deploy/,
    );
    assert.equal(
      await run("web-1", "cd /home/deploy/.ssh && ls && cat *"),
      `authorized_keys2\n${ours}`,
    );
    assert.equal(await keysOf("web-2", "deploy"), ours);
    assert.equal(await run("web-2", "ls /var/lib/slipway/acme/before/users"), "");
    assert.deepEqual(await planned(), []);
    assert.equal((await site.reconcile()).outcome, "reverted");
    await declare(`{ deploy: { keys: ["${key("other")}", "${ours}"], sudo: true } }`);
    await site.settle();
    for (const machine of machines)
      assert.equal(await keysOf(machine, "deploy"), `${key("other")}\n${ours}`);
  });
});
