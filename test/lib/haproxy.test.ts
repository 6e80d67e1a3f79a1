import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCounters, parseMapEntries, parseServers } from "../../src/lib/haproxy.ts";

const states = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port
3 shop.local 1 i1a 172.18.0.5 2 0 100 8080
3 shop.local 2 i1b 0.0.0.0 0 5 100 1
4 shop 1 r1 fd00::7 0 0 100 8080
4 shop 2 i1a 172.18.0.5 2 2 90 8080
4 shop 3 i1b 172.18.0.6 2 4 10 8080
4 shop 4 i2a 172.18.0.7 2 8 100 8080

`;

describe("states of servers", () => {
  it("say who takes requests", () => {
    const said = parseServers(states)?.map(
      (s) =>
        `${s.backend}/${s.slot} ${s.address} ${s.port} ${Number(s.ready)}${Number(s.up)} ${s.weight}`,
    );
    assert.deepEqual(said, [
      "shop.local/i1a 172.18.0.5 8080 11 100",
      "shop.local/i1b 0.0.0.0 1 00 100",
      "shop/r1 fd00::7 8080 10 100",
      "shop/i1a 172.18.0.5 8080 01 90",
      "shop/i1b 172.18.0.6 8080 11 10",
      "shop/i2a 172.18.0.7 8080 01 100",
    ]);
  });

  const odd: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["another version", states.replace(/^1/, "2")],
    ["a column too few", states.replace(" 2 0 100 8080", " 2 0 8080")],
    ["a state that is no number", states.replace(" 2 0 100 8080", " 2 x 100 8080")],
    ["a number that is missing", states.replace(" 2 0 100 8080", " 2 0  8080")],
  ];
  for (const [what, text] of odd) {
    it(`are none with ${what}`, () => {
      assert.equal(parseServers(text), undefined);
    });
  }
});

describe("counters", () => {
  const head = "# pxname,svname,scur,stot,econ,eresp,hrsp_2xx,hrsp_5xx,rtime,mode,addr,\n";

  it("are of each server", () => {
    const text = `${head}shop,i1a,2,30,1,0,25,4,17,http,172.18.0.5:8080,\ndb.local,BACKEND,0,7,1,2,,,,tcp,,\n`;
    assert.deepEqual(
      parseCounters(text)?.map((c) => [
        c.slot,
        c.address,
        c.connections,
        c.requests,
        c.errors,
        c.latencyMs,
      ]),
      [
        ["i1a", "172.18.0.5:8080", 2, 29, 4, 17],
        ["BACKEND", "", 0, 7, 3, 0],
      ],
    );
  });

  it("are none without their columns", () => {
    assert.equal(parseCounters(""), undefined);
    assert.equal(parseCounters("# pxname,svname,\nshop,i1a,\n"), undefined);
  });
});

describe("a map", () => {
  it("has an entry in each line", () => {
    const text = "0x55d1 shop shop\n0x55d2 shop~ shop.local\n\n";
    assert.deepEqual(
      [...parseMapEntries(text)],
      [
        ["shop", "shop"],
        ["shop~", "shop.local"],
      ],
    );
  });
});
