import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { specMaps } from "../../../../src/kinds/shared/proxy/maps.ts";
import {
  lookLine,
  occupiedOf,
  parseStat,
  readLook,
} from "../../../../src/kinds/shared/proxy/readings.ts";
import { Unreadable } from "../../../../src/model/live.ts";

const states = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port
3 shop.local 1 i1a 172.18.0.5 2 0 1 8080
3 shop.local 2 i1b 0.0.0.0 0 5 1 1
4 shop 1 r1 fd00:0::7 0 0 1 8080
4 shop 2 i1a 172.18.0.5 2 2 1 8080
4 shop 3 i1b 172.18.0.6 2 4 1 8080
4 shop 4 i2a 172.18.0.7 2 8 1 8080

`;

/** One map has entries, the others none; one is not looked up. */
const maps = specMaps.map((name) => {
  if (name === "names.map") return "Unknown map identifier. Please use #<id> or <file>.\n\n";
  return name === "pools.map" ? "0x55d1 shop shop\n0x55d2 shop~ shop.local\n\n" : "\n";
});

describe("a look at a proxy that runs", () => {
  it("asks for everything in one line", () => {
    assert.match(lookLine(), /^show map \/etc\/slipway\/peers.map; .*; show servers state$/);
  });

  it("finds the maps and the servers", () => {
    const found = readLook(maps.join("") + states);
    assert.deepEqual(
      [...(found.maps.get("pools.map") ?? [])],
      [
        ["shop", "shop"],
        ["shop~", "shop.local"],
      ],
    );
    assert.equal(found.maps.get("hosts.map")?.size, 0);
    assert.equal(found.maps.has("names.map"), false);
    const said = found.servers.map(
      ({ backend, server, address, ...is }) =>
        `${backend}/${server} ${address} ${Object.values(is).map(Number).join("")}`,
    );
    assert.deepEqual(said, [
      "shop.local/i1a 172.18.0.5:8080 101",
      "shop.local/i1b 0.0.0.0:1 010",
      "shop/r1 [fd00::7]:8080 100",
      "shop/i1a 172.18.0.5:8080 001",
      "shop/i1b 172.18.0.6:8080 101",
      "shop/i2a 172.18.0.7:8080 011",
    ]);
    assert.deepEqual(
      [...occupiedOf(found.servers).keys()],
      ["shop.local/i1a", "shop/r1", "shop/i1a", "shop/i1b"],
    );
  });

  const odd: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["an answer too few", maps.slice(1).join("") + states],
    ["an answer too many", `\n${maps.join("")}${states}`],
    ["another version", maps.join("") + states.replace(/^1/, "2")],
    ["no head", maps.join("") + states.replace(/^# /m, "")],
    ["a column less", maps.join("") + states.replace(" 2 0 1 8080", " 2 0 8080")],
    ["a state that is no number", maps.join("") + states.replace(" 2 0 1 8080", " 2 x 1 8080")],
    ["an entry that is none", maps.join("").replace("0x55d1 ", "") + states],
  ];
  for (const [what, text] of odd) {
    it(`cannot be read with ${what}`, () => {
      assert.throws(() => readLook(text), Unreadable);
    });
  }
});

describe("statistics", () => {
  const head = "# pxname,svname,scur,stot,econ,eresp,status,hrsp_5xx,rtime,\n";

  it("are counts of each server", () => {
    assert.deepEqual(
      parseStat(`${head}shop,i1a,2,30,1,0,UP,4,17,\ndb.local,BACKEND,0,0,,,UP,,,\n`),
      [
        {
          proxy: "shop",
          server: "i1a",
          status: "UP",
          current: 2,
          total: 30,
          refused: 1,
          broken: 0,
          failed: 4,
          answerMs: 17,
        },
        {
          proxy: "db.local",
          server: "BACKEND",
          status: "UP",
          current: 0,
          total: 0,
          refused: 0,
          broken: 0,
          failed: 0,
          answerMs: 0,
        },
      ],
    );
  });

  it("are not guessed", () => {
    assert.throws(() => parseStat(""), Unreadable);
    assert.throws(() => parseStat(`${head}shop,i1a,many,30,1,0,UP,4,17,\n`), Unreadable);
    assert.throws(() => parseStat(`${head}shop,i1a\n`), Unreadable);
  });
});
