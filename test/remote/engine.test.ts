import assert from "node:assert/strict";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { inspect } from "node:util";
import { linesOf } from "../../src/lib/lines.ts";
import {
  RemoteError,
  type EngineRequest,
  type Fleet,
  type Session,
} from "../../src/remote/session.ts";
import { stubEngine, type EngineStub } from "../support/engine-stub.ts";
import { all, fleetFor, trouble } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

const get = (path: string, more: Partial<EngineRequest> = {}): EngineRequest => ({
  method: "GET",
  path,
  timeoutMs: 60_000,
  ...more,
});

const ways: readonly { name: string; config: string[]; user: string }[] = [
  { name: "the forwarded socket", config: [], user: "root" },
  {
    name: "the engine's client, where sshd forwards no sockets",
    config: ["AllowStreamLocalForwarding no"],
    user: "root",
  },
  {
    name: "the engine's client by sudo, where the user may not use the socket",
    config: [],
    user: "deploy",
  },
];

for (const { name, config, user } of ways) {
  describe(`by ${name}`, () => {
    let sshd: Sshd;
    let fleet: Fleet;
    let session: Session;
    let stub: EngineStub;
    before(async () => {
      sshd = await startSshd({ config, users: [{ name: "deploy", sudo: true }] });
      stub = await stubEngine(join(sshd.dir, "engine.sock"));
      fleet = fleetFor(sshd);
      session = await fleet.session(sshd.target({ user }));
    });
    after(async () => {
      await fleet.close();
      stub.close();
      await sshd.stop();
    });
    beforeEach(() => {
      stub.answer = (_, response) => response.end("{}");
      stub.version = "1.41";
      stub.seen.length = 0;
    });

    test("the version is agreed on once; paths get it in front", async () => {
      stub.answer = (request, response) =>
        response.writeHead(201).end(JSON.stringify({ url: request.url }));
      const reply = await session.engine(get("/containers/json?all=1"));
      assert.deepEqual(reply, { status: 201, body: { url: "/v1.41/containers/json?all=1" } });
      await session.engine(get("/info"));
      assert.deepEqual(stub.seen, [
        "GET /_ping",
        "GET /v1.41/containers/json?all=1",
        "GET /v1.41/info",
      ]);
    });

    test("bodies and headers are sent, text and nothing come back as they are", async () => {
      let got: unknown;
      stub.answer = async (request, response) => {
        got = [
          request.headers["content-type"],
          request.headers["x-registry-auth"],
          Buffer.concat(await all(request as AsyncIterable<Buffer>)).toString(),
        ];
        response.writeHead(500).end("plain words");
      };
      const headers = { "x-registry-auth": "abc" };
      const reply = await session.engine({
        method: "POST",
        path: "/x",
        body: { a: ["é"] },
        headers,
        timeoutMs: 60_000,
      });
      assert.deepEqual(got, ["application/json", "abc", '{"a":["é"]}']);
      assert.deepEqual(reply, { status: 500, body: "plain words" });
      stub.answer = (_, response) => response.writeHead(204).end();
      assert.deepEqual(await session.engine({ method: "DELETE", path: "/x", timeoutMs: 60_000 }), {
        status: 204,
        body: "",
      });
    });

    test("no error says what headers were sent", async () => {
      const headers = { "x-registry-auth": "c2VjcmV0" };
      const answers: readonly EngineStub["answer"][] = [
        (request) => void request.socket.destroy(),
        (request, response) => {
          response.write("one\n", () => void request.socket.destroy());
        },
        () => undefined,
        (_, response) => response.end("x".repeat(2000)),
      ];
      for (const answer of answers) {
        stub.answer = answer;
        const request: EngineRequest = {
          method: "POST",
          path: "/images/create",
          headers,
          timeoutMs: 500,
          maxBytes: 1000,
        };
        const errors = await Promise.all([
          session.engine(request).catch((error: unknown) => error),
          session
            .engineStream(request)
            .then(({ chunks }) => all(chunks))
            .catch((error: unknown) => error),
        ]);
        for (const error of errors) {
          assert.ok(error instanceof RemoteError);
          const shown = inspect(error, { depth: Infinity, showHidden: true });
          assert.ok(!shown.includes("c2VjcmV0"), shown);
        }
      }
    });

    test("an engine that hangs is engine trouble, and only that request's", async () => {
      stub.answer = (request, response) =>
        void (request.url?.endsWith("/slow") ? undefined : response.end("{}"));
      const slow = assert.rejects(
        session.engine(get("/slow", { timeoutMs: 200 })),
        trouble("engine", /no answer from the engine in 0.2 s \(GET \/slow\)/),
      );
      assert.equal((await session.engine(get("/quick"))).status, 200);
      await slow;
      assert.equal((await session.engine(get("/quick"))).status, 200);
    });

    test("more than allowed is refused", async () => {
      stub.answer = (_, response) => response.end("x".repeat(50_000));
      await assert.rejects(
        session.engine(get("/big", { maxBytes: 1000 })),
        trouble("limit", /GET \/big: .* longer than 1000 bytes/),
      );
      const stream = await session.engineStream(get("/big", { maxBytes: 1000 }));
      await assert.rejects(all(stream.chunks), trouble("limit", /./));
      assert.equal((await session.engine(get("/big"))).status, 200);
    });

    test("a connection that had died unnoticed does not matter to a question", async () => {
      const used = new Set<unknown>();
      stub.answer = (request, response) => {
        if (used.has(request.socket)) return void request.socket.destroy();
        used.add(request.socket);
        response.end('"ok"');
      };
      for (let i = 0; i < 6; i += 1) assert.equal((await session.engine(get("/x"))).body, "ok");
    });

    test("what may change something is never sent twice", async () => {
      stub.answer = (request, response) =>
        void (request.method === "GET" ? response.end("{}") : request.socket.destroy());
      await session.engine(get("/x"));
      stub.seen.length = 0;
      const post: EngineRequest = { method: "POST", path: "/create", timeoutMs: 60_000 };
      await assert.rejects(session.engine(post), trouble("engine", /POST \/create: /));
      assert.deepEqual(
        stub.seen.filter((line) => line.startsWith("POST")),
        ["POST /v1.41/create"],
      );
    });

    test("an engine that was upgraded meanwhile is asked by its new version", async () => {
      await session.engine(get("/x"));
      stub.version = "1.99";
      stub.answer = (request, response) =>
        request.url?.startsWith("/v1.41/")
          ? response
              .writeHead(400)
              .end(
                '{"message":"client version 1.41 is too old. Minimum supported API version is 1.44"}',
              )
          : response.end(JSON.stringify(request.url));
      assert.deepEqual(await session.engine(get("/x")), { status: 200, body: "/v1.47/x" });
      // Back, for the tests that follow.
      stub.version = "1.41";
      stub.answer = (request, response) =>
        request.url?.startsWith("/v1.47/")
          ? response
              .writeHead(400)
              .end(
                '{"message":"client version 1.47 is too new. Maximum supported API version is 1.41"}',
              )
          : response.end("{}");
      assert.equal((await session.engine(get("/x"))).status, 200);
    });

    test("other refusals come back whole", async () => {
      stub.answer = (_, response) => response.writeHead(400).end('{"message":"bad parameter"}');
      assert.deepEqual(await session.engine(get("/x")), {
        status: 400,
        body: { message: "bad parameter" },
      });
      const stream = await session.engineStream(get("/x"));
      assert.equal(stream.status, 400);
      assert.deepEqual(await all(linesOf(stream.chunks)), ['{"message":"bad parameter"}']);
    });

    test("a stream comes as it is sent, and ends when told to", async () => {
      let ended: Promise<unknown> | undefined;
      stub.answer = (_, response) => {
        ended = once(response, "close");
        response.write("one\n");
        setTimeout(() => response.write("two\n"), 20);
      };
      const stream = await session.engineStream(get("/events"));
      const lines = linesOf(stream.chunks);
      assert.equal((await lines.next()).value, "one");
      assert.equal((await lines.next()).value, "two");
      stream.close();
      await lines.next().catch(() => undefined);
      await ended;
    });

    test("a stream's signal ends it with its reason", async () => {
      stub.answer = (_, response) => void response.write("one\n");
      const controller = new AbortController();
      const stream = await session.engineStream(get("/events", { signal: controller.signal }));
      setTimeout(() => controller.abort(new Error("enough")), 30);
      await assert.rejects(all(stream.chunks), /enough/);
    });

    test("a stream that the engine cuts is engine trouble", async () => {
      stub.answer = (request, response) => {
        response.write("one\n");
        setTimeout(() => request.socket.destroy(), 20);
      };
      const stream = await session.engineStream(get("/events"));
      await assert.rejects(all(stream.chunks), trouble("engine", /GET \/events: /));
    });

    test("fifty calls at once are answered", async () => {
      stub.answer = (request, response) =>
        void setTimeout(() => response.end(JSON.stringify(request.url)), 5);
      const replies = await Promise.all(
        Array.from({ length: 50 }, (_, i) => session.engine(get(`/c/${i}`))),
      );
      assert.deepEqual(
        replies.map(({ body }) => body),
        Array.from({ length: 50 }, (_, i) => `/v1.41/c/${i}`),
      );
    });
  });
}

describe("engines that are none", () => {
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(() => sshd.stop());

  async function ask(file: string, version: string): Promise<unknown> {
    const engineSocket = join(sshd.dir, file);
    const stub = await stubEngine(engineSocket);
    stub.version = version;
    const fleet = fleetFor(sshd);
    try {
      const session = await fleet.session(sshd.target({ engineSocket }));
      return await session.engine(get("/info"));
    } finally {
      await fleet.close();
      stub.close();
    }
  }

  test("one that is too old is told with what is needed", async () => {
    await assert.rejects(
      ask("old.sock", "1.40"),
      trouble("engine", /speaks API 1.40; at least 1.41/),
    );
  });
  test("something else than an engine", async () => {
    await assert.rejects(
      ask("other.sock", "what"),
      trouble("engine", /does not answer as a container engine/),
    );
  });
  test("none at all is told in the client's words; one that comes later is found", async () => {
    const engineSocket = join(sshd.dir, "late.sock");
    const fleet = fleetFor(sshd);
    const session = await fleet.session(sshd.target({ engineSocket }));
    await assert.rejects(
      session.engine(get("/info")),
      trouble("engine", /no engine on .*late.sock: Cannot connect/),
    );
    const stub = await stubEngine(engineSocket);
    assert.equal((await session.engine(get("/info"))).status, 200);
    stub.close();
    await rm(engineSocket, { force: true });
    await assert.rejects(session.engine(get("/info")), trouble("engine", /no engine on/));
    await fleet.close();
  });
  test("many streams take no places of calls", async () => {
    const engineSocket = join(sshd.dir, "many.sock");
    const stub = await stubEngine(engineSocket);
    stub.answer = (request, response) =>
      void (request.url?.endsWith("/events") ? response.write("x\n") : response.end("{}"));
    const fleet = fleetFor(sshd);
    const session = await fleet.session(sshd.target({ engineSocket }));
    const streams = await Promise.all(
      Array.from({ length: 40 }, () => session.engineStream(get("/events"))),
    );
    assert.equal((await session.engine(get("/x"))).status, 200);
    assert.equal((await session.exec({ argv: ["true"], timeoutMs: 60_000 })).code, 0);
    for (const stream of streams) stream.close();
    await fleet.close();
    stub.close();
  });
});
