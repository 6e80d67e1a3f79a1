import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import fc from "fast-check";
import {
  queryKey,
  type Answer,
  type Query,
  type Sign,
  type TalkQuery,
} from "../../src/model/query.ts";
import { answersOf } from "../../src/observe/answers.ts";
import { askMachine, type AskOptions } from "../../src/observe/ask.ts";
import { script } from "../../src/remote/quote.ts";
import type { Fleet, RemoteError, Session } from "../../src/remote/session.ts";
import { until } from "../fleet/wait.ts";
import { stubEngine, type EngineStub } from "../support/engine-stub.ts";
import { startHaproxy } from "../support/haproxy.ts";
import { fleetFor } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

let sshd: Sshd;
let fleet: Fleet;
let session: Session;
let stub: EngineStub;
before(async () => {
  sshd = await startSshd({ users: [{ name: "deploy", sudo: true }] });
  stub = await stubEngine(join(sshd.dir, "engine.sock"));
  fleet = fleetFor(sshd);
  session = await fleet.session(sshd.target({ user: "deploy" }));
});
after(async () => {
  await fleet.close();
  stub.close();
  await sshd.stop();
});

const read = (path: string, maxBytes = 1000): Query => ({ ask: "read", path, maxBytes });
const list = (path: string): Query => ({ ask: "list", path });
const run = (...argv: string[]): Query => ({ ask: "run", argv });
const text = (content: string, code = 0): Answer => ({
  state: "answered",
  value: { form: "text", text: content, code },
});
const ask = async (queries: readonly Query[], options?: AskOptions): Promise<Answer[]> => {
  const answers = await askMachine(session, queries, options);
  return queries.map(
    (query) => answers.get(queryKey(query)) ?? { state: "unknown", why: "not in the map" },
  );
};
const why = (answer: Answer | undefined): string =>
  answer?.state === "unknown" ? answer.why : `it is ${answer?.state}`;

test("files: present, empty, absent, too large, folders, links, strange names", async () => {
  const at = (name: string): string => join(sshd.dir, name);
  await writeFile(at("plain"), "two\nlines\n");
  await writeFile(at("empty"), "");
  await writeFile(at("exact"), "x".repeat(1000));
  await writeFile(at("large"), "x".repeat(1001));
  await writeFile(at("-n 'odd' \\ $name\n"), "odd");
  await symlink(at("plain"), at("link"));
  await symlink(at("nowhere"), at("dangling"));
  await mkdir(at("folder"));
  const names = [
    "plain",
    "empty",
    "exact",
    "-n 'odd' \\ $name\n",
    "link",
    "nowhere",
    "plain/below",
    "large",
    "dangling",
    "folder",
  ];
  const answers = await ask(names.map((name) => read(at(name))));
  assert.deepEqual(answers.slice(0, 7), [
    text("two\nlines\n"),
    text(""),
    text("x".repeat(1000)),
    text("odd"),
    text("two\nlines\n"),
    { state: "absent" },
    { state: "absent" },
  ]);
  assert.match(why(answers[7]), /large: more than 1000 bytes/);
  assert.match(why(answers[8]), /dangling: it is no file/);
  assert.match(why(answers[9]), /folder: it is no file/);
});

test("what is asked only where there is a sign of it is asked there, and else answered by nothing but an end", async () => {
  const folder = join(sshd.dir, "signs 'odd' *");
  await mkdir(join(folder, "full"), { recursive: true });
  await mkdir(join(folder, "bare"));
  await writeFile(join(folder, "full", "key-1"), "");
  await symlink(join(folder, "nowhere"), join(folder, "dangling"));
  const tab = join(folder, "tab");
  await writeFile(
    tab,
    "first\n  # no mark of [acme] *\n# mark of [acme] * /data\nlast without an end",
  );
  const cases: readonly (readonly [boolean, ...Sign[]])[] = [
    [true, join(folder, "full")],
    [true, join(folder, "full", "*")],
    [true, join(folder, "full", "key-*")],
    [true, join(folder, "dangling")],
    [true, join(folder, "nowhere"), join(folder, "full")],
    [true, { file: tab, line: "# mark of [acme] *" }],
    [true, { file: tab, line: "last without an end" }],
    [true, join(folder, "nowhere"), { file: tab, line: "first" }],
    [false, join(folder, "nowhere")],
    [false, join(folder, "bare", "*")],
    [false, join(folder, "full", "other-*")],
    [false, { file: tab, line: "# mark of a" }],
    [false, { file: join(folder, "nowhere"), line: "" }],
    [false, { file: folder, line: "first" }],
    [true, { noSocket: join(folder, "nowhere") }],
    [true, { noSocket: tab }],
    [false, { noSocket: join(sshd.dir, "engine.sock") }],
    [false],
  ];
  const queries = cases.map(([, ...where]): Query => {
    return { ask: "run", argv: ["echo", "asked"], where };
  });
  const answers = await ask(queries);
  assert.deepEqual(
    answers,
    cases.map(([isAsked]) => text(isAsked ? "asked\n" : "end\n")),
  );
});

test("what cannot be read is unknown, never absent", async () => {
  const plain = await fleet.session(sshd.target({ machine: "plain" }));
  // Even root cannot look into what another user has mounted: a folder that refuses, by a loop of links.
  const loop = join(sshd.dir, "loop");
  await symlink(loop, loop);
  const queries = [
    read(join(loop, "below")),
    list(join(loop, "below")),
    read("/proc/self/mem"),
    read(join(sshd.dir, "not", "there")),
    list(join(sshd.dir, "not\nthere\n")),
  ];
  const answers = await askMachine(plain, queries);
  assert.match(why(answers.get(queryKey(queries[0]!))), /Too many levels of symbolic links/);
  assert.match(why(answers.get(queryKey(queries[1]!))), /Too many levels of symbolic links/);
  assert.match(why(answers.get(queryKey(queries[2]!))), /reading ended with 1/);
  for (const query of queries.slice(3))
    assert.deepEqual(answers.get(queryKey(query)), { state: "absent" });
});

test("folders: names with line ends and dots, empty, absent, files", async () => {
  const folder = join(sshd.dir, "names");
  await mkdir(join(folder, "sub"), { recursive: true });
  await mkdir(join(sshd.dir, "nothing"));
  await symlink("nowhere", join(folder, "dangling"));
  for (const name of ["a b", "line\nend", ".hidden", "..dots", "-n", "*"])
    await writeFile(join(folder, name), "");
  const queries = [
    list(folder),
    list(join(sshd.dir, "nothing")),
    list(join(sshd.dir, "none")),
  ] as const;
  const answers = answersOf(await askMachine(session, [...queries, list(join(folder, "-n"))]));
  const names = (path: string): readonly string[] | undefined =>
    answers.names({ ask: "list", path });
  assert.deepEqual(
    names(folder)?.toSorted(),
    ["*", "-n", "..dots", ".hidden", "a b", "dangling", "line\nend", "sub"].toSorted(),
  );
  assert.deepEqual(names(join(sshd.dir, "nothing")), []);
  assert.equal(names(join(sshd.dir, "none")), undefined);
  assert.throws(() => names(join(folder, "-n")), /it is no folder/);
});

test("many that are absent are told apart from what stands between them", async () => {
  const at = (name: string): string => join(sshd.dir, "between", name);
  await mkdir(at(""));
  await writeFile(at("*"), "star");
  const names = ["none", "-n", "* ", "*", "a b: No such file or directory", "\n", "*/below"];
  const answers = await ask(names.map((name) => read(at(name))));
  const absent = { state: "absent" };
  assert.deepEqual(answers, [absent, absent, absent, text("star"), absent, absent, absent]);
});

test("commands: output, exit codes, no input, nothing of stderr", async () => {
  const queries = [
    run("printf", "%s", "a'b\\c"),
    run(...script("echo out; echo err >&2; exit 3")),
    run("cat"),
    run("no-such-command"),
    run(...script("kill -KILL $$")),
  ];
  const answers = await ask(queries);
  assert.deepEqual(answers.slice(0, 4), [
    text("a'b\\c"),
    text("out\n", 3),
    text(""),
    text("", 127),
  ]);
  assert.match(why(answers[4]), /sh: no answer in time/);
  assert.throws(
    () => answersOf(new Map([[queryKey(queries[1]!), answers[1]!]])).text(queries[1] as never),
    /sh ended with 3/,
  );
});

test("any bytes pass, also such as look like our frames", async () => {
  const file = join(sshd.dir, "bytes");
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", maxLength: 2000 }), async (content) => {
      await writeFile(file, content);
      const [first, second] = await ask([read(file, 10_000), run("cat", file)]);
      assert.deepEqual([first, second], [text(content), text(content)]);
    }),
    { numRuns: 15, examples: [["\n end 0\n"], ["0\n\n end absent\n"], ["\n"], ["\n\n"]] },
  );
});

test("one that hangs is unknown after its time; the others are answered", async () => {
  const answers = await ask(
    [
      run("echo", "1"),
      run("sleep", "60"),
      run(...script('trap "" TERM; while :; do sleep 1; done')),
      run("echo", "2"),
    ],
    { questionSeconds: 2 },
  );
  assert.deepEqual([answers[0], answers[3]], [text("1\n"), text("2\n")]);
  assert.match(why(answers[1]), /sleep: no answer in time/);
  assert.match(why(answers[2]), /sh: no answer in time/);
});

test("when all take too long together, what came until then counts", async () => {
  const troubles: RemoteError[] = [];
  const answers = await ask([run("echo", "1"), run("sleep", "60"), run("echo", "2")], {
    allMs: 3_000,
    onTrouble: (trouble) => troubles.push(trouble),
  });
  assert.deepEqual(answers[0], text("1\n"));
  assert.match(why(answers[1]), /not all was answered in 3 s/);
  assert.match(why(answers[2]), /not all was answered in 3 s/);
  assert.deepEqual(
    troubles.map((trouble) => trouble.class),
    ["timeout"],
  );
});

test("a flood of output is cut off: that answer is lost and those behind it", async () => {
  const answers = await ask([run("echo", "before"), run("yes"), run("echo", "behind")], {
    questionSeconds: 100,
    allMs: 110_000,
  });
  assert.deepEqual(answers[0], text("before\n"));
  assert.match(why(answers[1]), /yes: more than \d+ bytes of answers/);
  assert.match(why(answers[2]), /echo: more than \d+ bytes of answers/);
});

test("equal questions are asked once, files by the largest limit", async () => {
  const file = join(sshd.dir, "once");
  const counted = run(...script('echo x >>"$1"; wc -l <"$1"', file));
  await writeFile(join(sshd.dir, "long"), "y".repeat(50));
  const answers = await ask([
    counted,
    read(join(sshd.dir, "long"), 10),
    counted,
    read(join(sshd.dir, "long"), 100),
  ]);
  assert.deepEqual(answers, [text("1\n"), text("y".repeat(50)), text("1\n"), text("y".repeat(50))]);
});

test("many and long questions travel in one command", async () => {
  const long = "z".repeat(100_000);
  const queries = Array.from({ length: 60 }, (_, i) => run("printf", "%s", `${i}${long}`));
  const before = stub.seen.length;
  const answers = await ask(queries);
  assert.ok(
    answers.every(
      (answer, i) =>
        answer.state === "answered" &&
        answer.value.form === "text" &&
        answer.value.text === `${i}${long}`,
    ),
  );
  assert.equal(stub.seen.length, before);
});

const engine = (path: string, each?: string): Query => ({
  ask: "engine",
  path,
  ...(each === undefined ? {} : { each }),
});

test("the engine is asked for lists and each of their elements; those that vanish are left out", async () => {
  stub.answer = (request, response) => {
    const path = request.url?.replace("/v1.41", "");
    if (path === "/containers/json?all=1")
      return response.end('[{"Id":"a/b"},{"Id":"gone"},{"Id":"c"}]');
    if (path === "/containers/gone/json")
      return response.writeHead(404).end('{"message":"no such container"}');
    return response.end(JSON.stringify({ path }));
  };
  const query = engine("/containers/json?all=1", "/containers/{Id}/json");
  const answers = answersOf(await askMachine(session, [query, engine("/version")]));
  assert.deepEqual(answers.each(query as never), [
    { path: "/containers/a%2Fb/json" },
    { path: "/containers/c/json" },
  ]);
  assert.deepEqual(answers.json(engine("/version") as never), { path: "/version" });
  assert.throws(() => answers.each(engine("/version") as never), /elements .* not asked/);
});

test("engine answers that are none: refused, absent, no list, elements without the field", async () => {
  stub.answer = (request, response) => {
    const path = request.url?.replace("/v1.41", "");
    if (path === "/refused") return response.writeHead(500).end('{"message":"disk on fire"}');
    if (path === "/absent") return response.writeHead(404).end("{}");
    if (path === "/nameless") return response.end('[{"Id":"a"},{}]');
    if (path === "/refusing") return response.end('[{"Id":"a"}]');
    return path === "/each/a" ? response.writeHead(500).end("no") : response.end('{"a":1}');
  };
  const troubles: string[] = [];
  const answers = await ask(
    [
      engine("/refused"),
      engine("/absent"),
      engine("/object", "/each/{Id}"),
      engine("/nameless", "/each/{Id}"),
      engine("/refusing", "/each/{Id}"),
    ],
    { onTrouble: (trouble) => troubles.push(`${trouble.class} ${trouble.message}`) },
  );
  assert.match(why(answers[0]), /GET \/refused answered 500: disk on fire/);
  assert.deepEqual(answers[1], { state: "absent" });
  assert.match(why(answers[2]), /no list to follow/);
  assert.match(why(answers[3]), /an element without Id/);
  assert.match(why(answers[4]), /GET \/each\/a answered 500/);
  assert.deepEqual(troubles.length, 2);
  assert.throws(
    () =>
      answersOf(new Map([[queryKey(engine("/absent")), answers[1]!]])).json(
        engine("/absent") as never,
      ),
    /does not know \/absent/,
  );
});

test("an engine that hangs leaves only its own answers unknown", async () => {
  stub.answer = () => undefined;
  const troubles: RemoteError[] = [];
  const answers = await ask([run("echo", "ok"), engine("/a"), engine("/b", "/c/{Id}")], {
    engineMs: 200,
    onTrouble: (trouble) => troubles.push(trouble),
  });
  assert.deepEqual(answers[0], text("ok\n"));
  assert.match(why(answers[1]), /no answer from the engine/);
  assert.match(why(answers[2]), /no answer from the engine/);
  assert.ok(troubles.every((trouble) => trouble.class === "engine"));
});

test("a connection that goes leaves all unknown, with the reason", async () => {
  stub.answer = () => undefined;
  const mine = fleetFor(sshd);
  const going = await mine.session(sshd.target());
  const file = join(sshd.dir, "second");
  const second = run(...script('touch "$1"; exec sleep 60', file));
  const asking = askMachine(going, [run("echo", "1"), second, engine("/a")]);
  await until("the second question is asked", () => Promise.resolve(existsSync(file) || undefined));
  // What was said before on the same connection has come with the answer to this.
  await going.exec({ argv: ["true"], timeoutMs: 60_000 });
  await mine.close();
  const answers = await asking;
  assert.deepEqual(answers.get(queryKey(run("echo", "1"))), text("1\n"));
  assert.match(why(answers.get(queryKey(second))), /connection was closed/);
  assert.match(why(answers.get(queryKey(engine("/a")))), /connection was closed/);
  const later = await askMachine(going, [run("echo", "1"), engine("/a")]);
  assert.ok([...later.values()].every((answer) => answer.state === "unknown"));
});

const talk = (path: string, said: string, maxBytes = 1000): TalkQuery => ({
  ask: "talk",
  path,
  text: said,
  maxBytes,
});

/** Who answers with what was said, or never; `heard` when somebody has come. */
async function speaker(
  t: TestContext,
  name: string,
  answer: (said: string) => string | undefined,
  heard: () => unknown = () => undefined,
): Promise<string> {
  const path = join(sshd.dir, name);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    heard();
    socket.on("error", () => undefined);
    socket.on("data", (said) => {
      const answered = answer(said.toString());
      if (answered !== undefined) socket.end(answered);
    });
    t.after(() => socket.destroy());
  });
  await once(server.listen(path), "listening");
  await chmod(path, 0o600);
  t.after(() => server.close());
  return path;
}

test("sockets are asked, equal questions once, with the largest limit", async (t) => {
  const said: string[] = [];
  const path = await speaker(t, "echo.sock", (line) => {
    said.push(line);
    return `you said ${line}`;
  });
  const answers = await ask([
    talk(path, "show a\n", 5),
    run("echo", "1"),
    talk(path, "show b\n"),
    talk(path, "show a\n"),
  ]);
  const a = text("you said show a\n");
  assert.deepEqual(answers, [a, text("1\n"), text("you said show b\n"), a]);
  assert.deepEqual(said.toSorted(), ["show a\n", "show b\n"]);
});

test("a socket is asked while the shell still answers other questions", async (t) => {
  const file = join(sshd.dir, "asked");
  const path = await speaker(
    t,
    "early.sock",
    () => "yes",
    () => writeFileSync(file, ""),
  );
  const waiting = run(...script('until [ -e "$1" ]; do sleep 0.05; done; echo 1', file));
  assert.deepEqual(await ask([waiting, talk(path, "x\n")]), [text("1\n"), text("yes")]);
});

test("a machine without the socket is not asked again; one that was left behind is absent too", async () => {
  const silent: Session = {
    ...session,
    talk: () => Promise.reject(new Error("it should not be asked")),
  };
  const query = talk(join(sshd.dir, "no.sock"), "x\n");
  const answers = await askMachine(silent, [query]);
  assert.equal(answersOf(answers).text(query), undefined);
  const dead = await startHaproxy(await mkdtemp(join(sshd.dir, "dead-")));
  await dead.stop();
  assert.deepEqual(await ask([talk(dead.socket, "show info\n")]), [{ state: "absent" }]);
});

test("what is no socket, who is silent and who says too much are unknown, and only they", async (t) => {
  const mute = await speaker(t, "mute.sock", () => undefined);
  const loud = await speaker(t, "loud.sock", () => "x".repeat(1001));
  await writeFile(join(sshd.dir, "no-socket"), "");
  const troubles: string[] = [];
  const answers = await ask(
    [
      talk(join(sshd.dir, "no-socket"), "x\n"),
      talk(mute, "x\n"),
      talk(loud, "x\n"),
      run("echo", "1"),
    ],
    { socketMs: 500, onTrouble: (trouble) => troubles.push(trouble.class) },
  );
  assert.match(why(answers[0]), /no-socket: it is no socket/);
  assert.match(why(answers[1]), /mute\.sock: .* in 0\.5 s/);
  assert.match(why(answers[2]), /loud\.sock: .* 1000 bytes/);
  assert.deepEqual(answers[3], text("1\n"));
  assert.deepEqual(troubles, ["network", "network"]);
});

test("no question is no command", async () => {
  assert.deepEqual(await ask([]), []);
});
