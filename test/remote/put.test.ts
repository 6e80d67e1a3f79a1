import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { putFile } from "../../src/remote/put.ts";
import type { Fleet, Session } from "../../src/remote/session.ts";
import { fleetFor, trouble } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

let sshd: Sshd;
let fleet: Fleet;
let session: Session;
before(async () => {
  sshd = await startSshd({ users: [{ name: "deploy", sudo: true }] });
  fleet = fleetFor(sshd);
  session = await fleet.session(sshd.target({ user: "deploy" }));
});
after(async () => {
  await fleet.close();
  await sshd.stop();
});

const content = Buffer.from([0, 10, 13, 255, 39, 92]);
const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o7777).toString(8);

test("a file is written with its folders, mode and owner, and nothing else is left", async () => {
  const folder = join(sshd.dir, "new", "folder 'of' things");
  await session.put({ path: join(folder, "-file\nname"), content, mode: "0640", owner: "12:34" });
  const path = join(folder, "-file\nname");
  assert.deepEqual(await readFile(path), content);
  const { uid, gid } = await stat(path);
  assert.deepEqual([uid, gid, await modeOf(path), await modeOf(folder)], [12, 34, "640", "700"]);
  assert.deepEqual(await readdir(folder), ["-file\nname"]);
});

test("a file is replaced by rename, also where a link stands", async () => {
  const path = join(sshd.dir, "replaced");
  const elsewhere = join(sshd.dir, "elsewhere");
  await writeFile(elsewhere, "theirs");
  await symlink(elsewhere, path);
  await session.put({ path, content, mode: "0600" });
  assert.deepEqual(await readFile(path), content);
  assert.equal(await readFile(elsewhere, "utf8"), "theirs");
  const { ino } = await stat(path);
  await session.put({ path, content: Buffer.from(""), mode: "0600" });
  assert.notEqual((await stat(path)).ino, ino);
  assert.equal(await readFile(path, "utf8"), "");
});

test("in place, a file keeps its inode", async () => {
  const path = join(sshd.dir, "hosts");
  await session.put({
    path,
    content: Buffer.from("a longer first version\n"),
    mode: "0644",
    inPlace: true,
  });
  const { ino } = await stat(path);
  await session.put({ path, content, mode: "0604", owner: "1:2", inPlace: true });
  const now = await stat(path);
  assert.deepEqual([now.ino, now.uid, now.gid, await modeOf(path)], [ino, 1, 2, "604"]);
  assert.deepEqual(await readFile(path), content);
});

test("a folder is never replaced by a file", async () => {
  const path = join(sshd.dir, "folder");
  await mkdir(path);
  for (const inPlace of [false, true]) {
    await assert.rejects(
      session.put({ path, content, mode: "0600", inPlace }),
      trouble("access", /it is a folder/),
    );
  }
  assert.deepEqual(await readdir(path), []);
});

test("content that was cut off on its way replaces nothing", async () => {
  const path = join(sshd.dir, "cut", "file");
  await session.put({ path, content, mode: "0600" });
  const cutting: Session["exec"] = (command) =>
    session.exec({ ...command, stdin: Buffer.from(command.stdin ?? "").subarray(0, 3) });
  for (const inPlace of [false, true]) {
    const attempt = putFile("m", cutting, { path, content, mode: "0600", inPlace });
    await assert.rejects(attempt, trouble("access", /cut off/));
  }
  assert.deepEqual(await readFile(path), content);
  assert.deepEqual(await readdir(join(sshd.dir, "cut")), ["file"]);
});

test("what a machine that lost its power was writing goes with the next one, and nothing else", async () => {
  const folder = join(sshd.dir, "power");
  const path = join(folder, "it's a file");
  await mkdir(folder);
  const theirs = ["other.slipway-0123456789ab", "it's a file.slipway-notes-of-me", "it's a file~"];
  for (const name of ["it's a file.slipway-0123456789ab", ...theirs])
    await writeFile(join(folder, name), "half");
  await session.put({ path, content, mode: "0600" });
  assert.deepEqual((await readdir(folder)).toSorted(), ["it's a file", ...theirs].toSorted());
});

test("a full disk is said to be one, and the file stays as it was", async () => {
  const mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "small"];
  const folder = join(sshd.dir, "small");
  await mkdir(folder);
  assert.equal((await session.exec({ argv: [...mount, folder], timeoutMs: 60_000 })).code, 0);
  const path = join(folder, "file");
  await session.put({ path, content, mode: "0600" });
  for (const inPlace of [false, true]) {
    const attempt = session.put({ path, content: Buffer.alloc(200_000), mode: "0600", inPlace });
    await assert.rejects(attempt, trouble("disk", /file: .*no space left/i));
  }
  const left = await session.exec({
    argv: ["sh", "-c", 'ls -A "$1"; cat "$1/file"', "sh", folder],
    timeoutMs: 60_000,
  });
  assert.deepEqual(left.stdout, Buffer.concat([Buffer.from("file\n"), content]));
});

test("the script works with busybox alone", async () => {
  const folder = join(sshd.dir, "busybox");
  await mkdir(join(folder, "bin"), { recursive: true });
  spawnSync("busybox", ["--install", "-s", join(folder, "bin")]);
  const byBusybox: Session["exec"] = async ({ argv, stdin }) => {
    const env = { PATH: join(folder, "bin") };
    const { status, stdout, stderr } = spawnSync(join(folder, "bin", "sh"), argv.slice(1), {
      input: stdin,
      env,
    });
    return { code: status ?? 255, stdout, stderr };
  };
  const path = join(folder, "a", "b");
  for (const inPlace of [false, false, true]) {
    await mkdir(join(folder, "a"), { recursive: true });
    await writeFile(`${path}.slipway-0123456789ab`, "half");
    await putFile("m", byBusybox, { path, content, mode: "0640", owner: "3:4", inPlace });
    assert.deepEqual(await readFile(path), content);
    const { uid, gid } = await stat(path);
    assert.deepEqual(
      [uid, gid, await modeOf(path), await readdir(join(folder, "a"))],
      [3, 4, "640", ["b"]],
    );
  }
  await assert.rejects(
    putFile("m", byBusybox, { path: join(folder, "a"), content, mode: "0640" }),
    trouble("access", /folder/),
  );
});
