import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { noteWith, outcomesOfNote } from "../../src/model/ledger.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { must } from "../fleet/run.ts";
import { Repo, type Served, Workshop } from "./workshop.ts";

const shown = async (repo: Repo, revision = "HEAD"): Promise<string> =>
  (await repo.git("log", "-1", "--notes=slipway", "--format=%N", revision)).trim();

async function started(shop: Workshop): Promise<Served & { readonly head: string }> {
  const served = await shop.server();
  const head = await served.work.commit("one");
  await served.work.git("push", "-q", "origin", "main");
  return { ...served, head };
}

const fetchNotes = (repo: Repo): Promise<string> =>
  repo.git("fetch", "-q", "origin", "+refs/notes/slipway:refs/notes/slipway");

/** So many notes as git cuts into folders. */
async function manyNotes(repo: Repo, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, i) =>
    createHash("sha1").update(`commit ${i}`).digest("hex"),
  );
  const isThere = await repo.git("for-each-ref", "refs/notes/slipway");
  const input = [
    "commit refs/notes/slipway\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 1\nx\n",
    isThere === "" ? "" : "from refs/notes/slipway^0\n",
    ...ids.map(
      (id) =>
        `M 100644 inline ${id.slice(0, 2)}/${id.slice(2, 4)}/${id.slice(4)}\ndata 10\nnote ${id.slice(0, 4)}\n\n`,
    ),
    "M 100644 inline README\ndata 5\nmine\n\n",
  ];
  await must(["git", "-C", repo.dir, "fast-import", "--quiet"], { input: input.join("") });
  return ids;
}

describe("notes in a local repository", () => {
  it("are what git shows, and the other way round", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    const [one, two] = [await work.commit("one"), await work.commit("two")];
    const source = await shop.source({ repo: work.dir });
    assert.equal(await source.readNote(one), undefined);
    assert.deepEqual(await source.writeNote(one, '{"outcome":"applied"}'), { pushed: true });
    assert.equal(await shown(work, one), '{"outcome":"applied"}');
    await work.git("notes", "--ref=slipway", "add", "-m", "by hand", two);
    assert.equal(await source.readNote(two), "by hand\n");
    await source.writeNote(two, "again\nünïcode");
    assert.equal(await shown(work, two), "again\nünïcode");
    assert.equal(await shown(work, one), '{"outcome":"applied"}');
    await work.git("fsck", "--strict");
    assert.equal(await work.git("rev-list", "--count", "refs/notes/slipway"), "3");
    await source.writeNote(two, "again\nünïcode");
    assert.equal(await work.git("rev-list", "--count", "refs/notes/slipway"), "3", "nothing new");
  });

  it("are kept when git had cut them into folders", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    const head = await work.commit("one");
    const ids = await manyNotes(work, 600);
    const source = await shop.source({ repo: work.dir });
    const some = ids[123] ?? "";
    assert.equal((await source.readNote(some))?.trim(), `note ${some.slice(0, 4)}`);
    await source.writeNote(head, "mine");
    assert.equal((await work.git("notes", "--ref=slipway", "list")).split("\n").length, 601);
    assert.equal(
      (await work.git("notes", "--ref=slipway", "show", some)).trim(),
      `note ${some.slice(0, 4)}`,
    );
    assert.equal(await work.git("show", "refs/notes/slipway:README"), "mine");
    await work.git("notes", "--ref=slipway", "add", "-f", "-m", "git again", some);
    assert.equal(await source.readNote(some), "git again\n");
    assert.equal(await source.readNote(head), "mine\n");
  });

  it("survive many writers", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    const commits = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        work.git("commit-tree", "-m", `c${i}`, "4b825dc642cb6eb9a060e54bf8d69288fbee4904"),
      ),
    );
    await Promise.all(
      commits.map(async (commit, i) =>
        (await shop.source({ repo: work.dir })).writeNote(commit, `n${i}`),
      ),
    );
    for (const [i, commit] of commits.entries()) {
      assert.equal(await work.git("notes", "--ref=slipway", "show", commit), `n${i}`);
    }
  });

  it("belong to the repository's owner, also when root writes them", async () => {
    await using shop = await Workshop.open();
    const isRoot = process.getuid?.() === 0;
    const owner = isRoot ? 12_345 : process.getuid?.();
    const work = await shop.repo();
    const head = await work.commit("one");
    const bare = await shop.repo("bare.git", "--bare");
    await work.git("push", "-q", bare.dir, "main");
    if (isRoot) await must(["chown", "-R", String(owner), bare.dir]);
    const source = await shop.source({ repo: bare.dir });
    await source.writeNote(head, "mine");
    const strangers = await must(["find", bare.dir, "!", "-uid", String(owner)]);
    assert.equal(strangers, "");
  });
});

/** A note as the ledger has it. */
const said = (fleet: string, text: string, startedAt = "2026-01-01T00:00:00.000Z"): string =>
  JSON.stringify({
    version: 1,
    fleet,
    revision: "",
    outcome: "applied",
    text,
    startedAt,
    apps: [],
    held: [],
    troubles: [],
  });

const outcome = (fleet: string): RevisionOutcome =>
  JSON.parse(said(fleet, "live")) as RevisionOutcome;

const fleetsIn = (note: string | undefined): readonly string[] =>
  outcomesOfNote(note).map(({ fleet, text }) => `${fleet}: ${text}`);

describe("notes of a clone", () => {
  interface Way {
    readonly name: string;
    /** Makes a clone's remote be reached so. */
    reach(clone: Repo, served: Served): Promise<unknown>;
    readonly token?: (served: Served) => string;
  }
  const ways: readonly Way[] = [
    { name: "a login in the URL", reach: () => Promise.resolve() },
    {
      name: "a path",
      reach: (clone, { bare }) => clone.git("remote", "set-url", "origin", bare.dir),
    },
    {
      name: "a file URL",
      reach: (clone, { bare }) => clone.git("remote", "set-url", "origin", `file://${bare.dir}`),
    },
    {
      name: "ssh",
      reach: async (clone, { bare }) => {
        await clone.write({
          ".git/ssh.sh": '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n',
        });
        await clone.git("config", "core.sshCommand", `sh ${clone.dir}/.git/ssh.sh`);
        await clone.git("remote", "set-url", "origin", `ssh://git@forge.example${bare.dir}`);
      },
    },
    {
      name: "a credential helper",
      reach: async (clone, { url, git }) => {
        const helper = `!f() { echo username=${git.user}; echo password=${git.token}; }; f`;
        await clone.git("config", "credential.helper", helper);
        await clone.git("remote", "set-url", "origin", url);
      },
    },
    {
      name: "a token",
      reach: (clone, { url }) =>
        clone.git("remote", "set-url", "origin", url.replace("://", "://git@")),
      token: ({ git }) => git.token,
    },
  ];

  /** A clone of the served repository, with a pre-push hook that refuses everything. */
  async function cloneOf(shop: Workshop, served: Served, name: string): Promise<Repo> {
    const dir = join(shop.dir, name);
    await served.work.git("clone", "-q", served.git.loginUrl("infra"), dir);
    await writeFile(join(dir, ".git", "hooks", "pre-push"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    return new Repo(dir);
  }

  for (const { name, reach, token } of ways) {
    it(`are pushed over ${name}, with what others wrote since`, async () => {
      await using shop = await Workshop.open();
      const served = await started(shop);
      const { head, bare } = served;
      const there = (revision = head): Promise<string> =>
        bare.git("notes", "--ref=slipway", "show", revision);
      const ours = await cloneOf(shop, served, "ours");
      await reach(ours, served);
      const source = await shop.source({
        repo: ours.dir,
        ...(token === undefined ? {} : { token: token(served) }),
      });
      assert.deepEqual(await source.writeNote(head, said("acme", "live")), { pushed: true });
      assert.deepEqual(fleetsIn(await there()), ["acme: live"]);
      const others = await served.open();
      const other = await served.work.git("commit-tree", "-m", "other", "HEAD^{tree}");
      await others.writeNote(other, "theirs");
      await others.writeNote(head, (before) => noteWith(before, outcome("staging")));
      assert.deepEqual(await source.writeNote(head, said("acme", "live again")), { pushed: true });
      assert.deepEqual(fleetsIn(await there()), ["acme: live again", "staging: live"]);
      assert.equal(await there(other), "theirs");
      assert.equal(await source.readNote(other), "theirs\n", "and here as well");
      await ours.git("fsck", "--strict");
      assert.equal(
        await bare.git("for-each-ref", "--format=%(refname)"),
        "refs/heads/main\nrefs/notes/slipway",
      );
    });
  }

  it("survive many clones and controllers at once", async () => {
    await using shop = await Workshop.open();
    const served = await started(shop);
    const { work, head, bare } = served;
    const writers = await Promise.all([
      ...["one", "two", "three"].map(async (name) => {
        const clone = await cloneOf(shop, served, name);
        return await shop.source({ repo: clone.dir });
      }),
      ...["four", "five"].map((name) => served.open({ stateDir: join(shop.dir, name) })),
    ]);
    const commits = await Promise.all(
      writers.map((_, i) => work.git("commit-tree", "-m", `c${i}`, "HEAD^{tree}")),
    );
    const results = await Promise.all(
      writers.flatMap((source, i) => [
        source.writeNote(commits[i] ?? "", `n${i}`),
        source.writeNote(head, (before) => noteWith(before, outcome(`fleet-${i}`))),
      ]),
    );
    assert.deepEqual(
      results.filter(({ pushed }) => !pushed),
      [],
    );
    for (const [i, commit] of commits.entries())
      assert.equal(await bare.git("notes", "--ref=slipway", "show", commit), `n${i}`);
    assert.deepEqual(
      fleetsIn(await bare.git("notes", "--ref=slipway", "show", head)),
      writers.map((_, i) => `fleet-${i}: live`),
    );
  });

  it("that are refused are kept, with a word on how to push them, and go along later", async () => {
    await using shop = await Workshop.open();
    const served = await started(shop);
    const { head, bare, work, git, url } = served;
    const clone = await cloneOf(shop, served, "ours");
    const source = await shop.source({ repo: clone.dir });
    await bare.git("config", "receive.hideRefs", "refs/notes");
    const refused = await source.writeNote(head, "kept");
    assert.equal(refused.pushed, false);
    assert.match(refused.why ?? "", /^kept in .*`git push origin refs\/notes\/slipway` shares it/);
    assert.ok(!refused.why?.includes(git.token), refused.why);
    assert.equal(await source.readNote(head), "kept\n");
    await bare.git("config", "--unset", "receive.hideRefs");
    await clone.git("remote", "set-url", "origin", url);
    const without = await source.writeNote(head, "kept still");
    assert.match(without.why ?? "", /could not read Username/, "nobody is asked");
    await clone.git("remote", "set-url", "origin", git.loginUrl("infra"));
    const other = await work.git("commit-tree", "-m", "other", "HEAD^{tree}");
    assert.deepEqual(await source.writeNote(other, "other"), { pushed: true });
    assert.equal(await bare.git("notes", "--ref=slipway", "show", head), "kept still");
  });

  it("wait for no remote that does not answer, and not again at once", async () => {
    await using shop = await Workshop.open();
    const served = await started(shop);
    const clone = await cloneOf(shop, served, "ours");
    const source = await shop.source({ repo: clone.dir, timeoutMs: 1_000 });
    served.git.fault("hang");
    const first = await source.writeNote(served.head, "one");
    assert.match(first.why ?? "", /did not end within 1 s/);
    const asked = served.git.requests.length;
    assert.equal((await source.writeNote(served.head, "two")).pushed, false);
    assert.equal(served.git.requests.length, asked);
    assert.equal(await source.readNote(served.head), "two\n");
    served.git.fault(undefined);
  });

  it("of a repository that came from nowhere are where others read them", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    const head = await work.commit("one");
    const source = await shop.source({ repo: work.dir });
    assert.deepEqual(await source.writeNote(head, "here"), { pushed: true });
  });
});

describe("notes over HTTP", () => {
  it("are pushed, and read without asking again", async () => {
    await using shop = await Workshop.open();
    const { work, open, head, git } = await started(shop);
    const source = await open();
    await source.head();
    assert.equal(await source.readNote(head), undefined);
    assert.deepEqual(await source.writeNote(head, "first"), { pushed: true });
    await fetchNotes(work);
    assert.equal(await shown(work), "first");
    const before = git.requests.length;
    assert.equal(await source.readNote(head), "first\n");
    assert.equal(git.requests.length, before);
    assert.deepEqual(await source.writeNote(head, "second"), { pushed: true });
    assert.equal(git.requests.length - before, 2);
    await work.git("fetch", "-q", "origin", "+refs/notes/slipway:refs/notes/slipway");
    assert.equal(await shown(work), "second");
    await work.git("fsck", "--strict");
  });

  it("of others are heard of with the next poll", async () => {
    await using shop = await Workshop.open();
    const { work, open, head } = await started(shop);
    const source = await open();
    await source.head();
    await source.writeNote(head, "ours");
    await fetchNotes(work);
    const ids = await manyNotes(work, 300);
    await work.git("push", "-qf", "origin", "refs/notes/slipway");
    await source.head();
    const some = ids[7] ?? "";
    assert.equal((await source.readNote(some))?.trim(), `note ${some.slice(0, 4)}`);
    await source.writeNote(head, "ours again");
    await fetchNotes(work);
    assert.equal((await work.git("notes", "--ref=slipway", "list")).split("\n").length, 301);
    assert.equal(await shown(work), "ours again");
  });

  it("survive many controllers at once", async () => {
    await using shop = await Workshop.open();
    const { work, open } = await started(shop);
    const commits = await Promise.all(
      Array.from({ length: 6 }, (_, i) => work.git("commit-tree", "-m", `c${i}`, "HEAD^{tree}")),
    );
    const results = await Promise.all(
      commits.map(async (commit, i) => {
        const source = await open({ stateDir: join(shop.dir, `state-${i}`) });
        return await source.writeNote(commit, `n${i}`);
      }),
    );
    assert.deepEqual(
      results,
      commits.map(() => ({ pushed: true })),
    );
    await fetchNotes(work);
    for (const [i, commit] of commits.entries()) {
      assert.equal(await work.git("notes", "--ref=slipway", "show", commit), `n${i}`);
    }
  });

  it("that the server refuses are kept, and go along once it takes them", async () => {
    await using shop = await Workshop.open();
    const { work, open, head, bare, git } = await started(shop);
    await bare.git("config", "http.receivepack", "false");
    const source = await open();
    const refused = await source.writeNote(head, "kept");
    assert.equal(refused.pushed, false);
    assert.match(refused.why ?? "", /HTTP 403/);
    assert.equal(await source.readNote(head), "kept\n");
    await source.close();
    await bare.git("config", "http.receivepack", "true");
    await bare.git("config", "receive.hideRefs", "refs/notes");
    const again = await open();
    assert.equal(await again.readNote(head), "kept\n", "also by the next process");
    const hidden = await again.writeNote(head, "kept still");
    assert.equal(hidden.pushed, false);
    assert.match(hidden.why ?? "", /hidden ref/);
    git.fault("500");
    assert.match((await again.writeNote(head, "kept still")).why ?? "", /HTTP 500/);
    assert.equal(await again.readNote(head), "kept still\n");
    git.fault(undefined);
    await bare.git("config", "receive.hideRefs", "refs/nothing");
    const other = await work.git("commit-tree", "-m", "other", "HEAD^{tree}");
    assert.deepEqual(await again.writeNote(other, "goes"), { pushed: true });
    await fetchNotes(work);
    assert.equal(await shown(work), "kept still");
  });

  it("outlive a cache of theirs that is damaged, or scattered", async () => {
    await using shop = await Workshop.open();
    const { work, open, head, bare } = await started(shop);
    const source = await open();
    await source.writeNote(head, "pushed");
    await bare.git("config", "http.receivepack", "false");
    const other = await work.git("commit-tree", "-m", "other", "HEAD^{tree}");
    await source.writeNote(other, "not pushed");
    const state = join(shop.dir, "state", "source");
    const [key = ""] = await readdir(state);
    const notes = join(state, key, "cache", "notes.git");
    const scattered = await scatter(notes);
    assert.deepEqual(scattered.filter(existsSync), scattered);
    const third = await work.git("commit-tree", "-m", "third", "HEAD^{tree}");
    await source.writeNote(third, "third");
    assert.deepEqual(scattered.filter(existsSync), [], "tidied up");
    for (const [revision, text] of [
      [head, "pushed"],
      [other, "not pushed"],
      [third, "third"],
    ] as const) {
      assert.equal(await source.readNote(revision), `${text}\n`);
    }
    await source.close();
    for (const folder of await readdir(join(notes, "objects"))) {
      for (const file of await readdir(join(notes, "objects", folder))) {
        await truncate(join(notes, "objects", folder, file), 3).catch(() => undefined);
      }
    }
    const again = await open();
    assert.equal(await again.readNote(head), "pushed\n");
    await bare.git("config", "http.receivepack", "true");
    assert.deepEqual(await again.writeNote(other, "again"), { pushed: true });
  });
});

/** Single objects, as many in one folder as a thousand make. Their files. */
async function scatter(gitdir: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (let i = 0; files.length < 6; i += 1) {
    const text = `loose ${i}`;
    const id = createHash("sha1").update(`blob ${text.length}\0${text}`).digest("hex");
    if (!id.startsWith("17")) continue;
    files.push(join(gitdir, "objects", id.slice(0, 2), id.slice(2)));
    await must(["git", "-C", gitdir, "hash-object", "-w", "--stdin"], { input: text });
  }
  return files;
}
