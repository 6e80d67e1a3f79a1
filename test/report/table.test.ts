import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { painter } from "../../src/report/style.ts";
import { table } from "../../src/report/table.ts";
import { age, bytes, took } from "../../src/report/units.ts";

suite("tables", () => {
  test("columns are as wide as their widest, empty ones go, and no line ends in spaces", () => {
    assert.deepEqual(
      table(
        ["A", "EMPTY", "B", "C"],
        [
          ["漢字", "", "x", ""],
          ["a", "", "", "y"],
        ],
      ),
      ["A     B  C", "漢字  x", "a        y"],
    );
  });

  test("tones do not shift columns", () => {
    const [, line] = table(["A", "B"], [[{ text: "x", tone: "good" }, "y"]], {
      paint: painter(true),
    });
    assert.equal(line, "\u001b[32mx\u001b[39m  y");
  });

  test("the widest columns give way first, and all stay recognisable", () => {
    const rows = [["name", "a very long text that nobody needs in full", "another long text"]];
    const [, line = ""] = table(["N", "TEXT", "MORE"], rows, { columns: 40 });
    assert.equal(line, "name  a very long tex…  another long te…");
    assert.equal(line.length, 40);
    assert.equal(table(["N", "TEXT", "MORE"], rows, { columns: 5 })[1], "name  a very …  another…");
  });
});

suite("units", () => {
  const cases: readonly [string, string][] = [
    [age(500), "just now"],
    [age(119_000), "119 s"],
    [age(120_000), "2 min"],
    [age(7_200_000), "2 h"],
    [age(86_400_000 * 2), "2 d"],
    [took(999), "999 ms"],
    [took(59_949), "59.9 s"],
    [took(59_950), "1 min 0 s"],
    [took(125_000), "2 min 5 s"],
    [bytes(0), "0 B"],
    [bytes(1023), "1023 B"],
    [bytes(1536), "1.5 KB"],
    [bytes(4 * 1024 ** 3), "4 GB"],
    [bytes(2 ** 62), "4096 PB"],
  ];
  for (const [actual, expected] of cases) test(expected, () => assert.equal(actual, expected));
});
