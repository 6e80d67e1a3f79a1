import assert from "node:assert/strict";
import { Console } from "node:console";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { format, inspect } from "node:util";
import { serialize } from "node:v8";
import { fingerprint, Secret } from "../../src/model/secret.ts";

const value = "hunter2-wins";
const secret = new Secret("shop.DB_PASSWORD", value);
const name = "[secret shop.DB_PASSWORD]";
/** As code that knows no better takes it. */
const asText: string = JSON.parse("null") ?? secret;
const asObject: object = secret;

describe("a secret", () => {
  const ways: Readonly<Record<string, () => unknown>> = {
    "as a string": () => String(secret),
    "in a template": () => `a ${asText}`,
    "put to a string": () => "a".concat(asText),
    "as JSON": () => JSON.stringify({ env: [secret] }),
    "as indented JSON": () => JSON.stringify({ env: { A: secret } }, null, 2),
    inspected: () => inspect(secret),
    "inspected in depth": () => inspect({ a: [secret] }, { depth: Infinity, showHidden: true }),
    "inspected with getters": () => inspect({ secret }, { getters: true, showProxy: true }),
    "inspected without our help": () => inspect(secret, { customInspect: false, showHidden: true }),
    "formatted with %s": () => format("%s", secret),
    "formatted with %o": () => format("%o", secret),
    "formatted with %O": () => format("%O", secret),
    "formatted with %j": () => format("%j", secret),
    "as the message of an error": () => inspect(new Error(`no ${asText}`)),
    "as the cause of an error": () => inspect(new Error("no", { cause: secret })),
    "in an error's cause": () => inspect(new Error("no", { cause: { env: { A: secret } } })),
    "in several errors": () => inspect(new AggregateError([new Error("a", { cause: secret })])),
    "in a map": () => inspect(new Map([[secret, secret]])),
    "behind a proxy": () => inspect(new Proxy({ secret }, {}), { showProxy: true }),
    "on a console": () => {
      const written: string[] = [];
      const stdout = new Writable({
        write(chunk: Buffer, _, done) {
          written.push(chunk.toString());
          done();
        },
      });
      const console = new Console(stdout);
      console.log(secret, { secret });
      console.table([{ secret }]);
      console.dir({ secret }, { depth: 9 });
      return written.join("");
    },
    serialized: () => serialize(secret).toString("latin1"),
  };
  for (const [way, told] of Object.entries(ways)) {
    it(`is not told ${way}`, () => {
      const text = String(told());
      assert(!text.includes(value), text);
      assert(!text.includes(Buffer.from(value).toString("hex")), text);
    });
  }

  it("is called by its name", () => {
    for (const text of [String(secret), inspect(secret), inspect([secret]).slice(2, -2)])
      assert.equal(text, name);
    assert.equal(JSON.stringify({ secret }), `{"secret":"${name}"}`);
    assert.equal(secret.name, "shop.DB_PASSWORD");
  });

  it("has nothing to spread, list or clone", () => {
    assert.deepEqual({ ...asObject }, {});
    assert.deepEqual([...Object.entries(secret), ...Reflect.ownKeys(secret)], []);
    assert.deepEqual(Object.assign({}, secret), {});
    assert.deepEqual(structuredClone(secret), {});
  });

  it("cannot be changed, by whom it came from or by whom it was shown", () => {
    const bytes = Buffer.from(value);
    const kept = new Secret("a", bytes);
    bytes.fill(0);
    kept.reveal().fill(0);
    assert.equal(kept.revealText(), value);
    assert.throws(() => Object.assign(kept, { note: "x" }), TypeError);
  });

  it("is shown when it is asked to", () => {
    assert.deepEqual(secret.reveal(), new TextEncoder().encode(value));
    assert.equal(secret.revealText(), value);
    assert.equal(
      new Secret("a", "\ufeffgr\u00fc\u00dfe\n").revealText(),
      "\ufeffgr\u00fc\u00dfe\n",
    );
    assert.equal(new Secret("a", Buffer.of(0xff, 0xfe)).revealText(), undefined);
    assert.equal(new Secret("a", "").revealText(), "");
  });

  it("equals another by its value", () => {
    assert(secret.equals(new Secret("other.NAME", value)));
    assert(!secret.equals(new Secret("shop.DB_PASSWORD", "hunter2-lost")));
    assert(!secret.equals(new Secret("shop.DB_PASSWORD", `${value}!`)));
  });
});

describe("the fingerprint of a secret", () => {
  const bytes = Buffer.from(value);

  it("is HMAC-SHA256 under the machine's key", () => {
    // printf %s hunter2-wins | openssl dgst -sha256 -hmac machine-key
    const expected = "405ff18e1d3f53266112df6fc0a5d5087cf494b14f62a1c74164473a7dc1a898";
    assert.equal(fingerprint(bytes, "machine-key"), expected);
    assert.equal(secret.fingerprint("machine-key"), expected);
  });

  it("differs between machines and between values", () => {
    const all = ["a", "b"].flatMap((key) => [
      fingerprint(bytes, key),
      fingerprint(bytes.subarray(1), key),
    ]);
    assert.equal(new Set(all).size, 4);
  });
});
