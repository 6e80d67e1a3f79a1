import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { numberText, plainScalar } from "../../src/secrets/sops-scalar.ts";

/** What yaml.v3 makes of an unquoted scalar, and strconv of that (resolve.go; sops.go, ToBytes). */
const scalars: readonly (readonly [text: string, mac: string | undefined])[] = [
  ["", undefined],
  ["~", undefined],
  ["null", undefined],
  ["NULL", undefined],
  ["nUll", "nUll"],
  ["true", "True"],
  ["TRUE", "True"],
  ["false", "False"],
  ["yes", "yes"],
  ["123", "123"],
  ["+12", "12"],
  ["-0", "0"],
  ["0x1F", "31"],
  ["0o17", "15"],
  ["0b101", "5"],
  ["-0b101", "-5"],
  ["0777", "511"],
  ["089", "89"],
  ["1_000", "1000"],
  ["9223372036854775807", "9223372036854775807"],
  ["18446744073709551616", "18446744073709552000"],
  ["1.10", "1.1"],
  ["1.", "1"],
  [".5", "0.5"],
  ["-.5", "-0.5"],
  ["1e3", "1000"],
  ["1.5e30", "1500000000000000000000000000000"],
  ["1e-7", "0.0000001"],
  ["1234.56789", "1234.56789"],
  [".inf", "+Inf"],
  ["-.Inf", "-Inf"],
  [".nan", "NaN"],
  ["1.2.3", "1.2.3"],
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["2026-01-02", "2026-01-02"],
  ["-", "-"],
  ["+", "+"],
  ["1x", "1x"],
];
for (const [text, mac] of scalars) {
  test(`${JSON.stringify(text)} goes into the MAC as ${JSON.stringify(mac)}`, () => {
    const scalar = plainScalar(text);
    assert.equal(scalar.kind === "leaf" ? scalar.text : undefined, mac);
  });
}

test("numbers are written without an exponent, and mean the same", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const text = numberText(number);
      assert.match(text, /^-?\d+(\.\d+)?$/);
      assert(Object.is(Number(text), number), text);
    }),
    { numRuns: 2_000 },
  );
});

test("nothing breaks it", () => {
  fc.assert(fc.property(fc.string(), (text) => void plainScalar(text)));
});
