import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { globalOptions } from "../../src/cli/options.ts";
import { UserError } from "../../src/cli/trouble.ts";
import { recordedIo } from "./screen.ts";

const cases: readonly {
  readonly name: string;
  readonly given?: Record<string, unknown>;
  readonly env?: Record<string, string>;
  readonly wanted: Record<string, unknown>;
}[] = [
  {
    name: "nothing given",
    wanted: {
      branch: "main",
      sshKeys: [],
      ageKeys: [],
      json: false,
      verbose: false,
      allowRewind: false,
    },
  },
  { name: "a variable", env: { SLIPWAY_BRANCH: "release" }, wanted: { branch: "release" } },
  {
    name: "a flag before its variable",
    given: { branch: "hotfix", repo: "https://x.example/y" },
    env: { SLIPWAY_BRANCH: "release", SLIPWAY_REPO: "/srv/infra" },
    wanted: { branch: "hotfix", repo: "https://x.example/y" },
  },
  {
    name: "an empty variable as none",
    env: { SLIPWAY_BRANCH: "", SLIPWAY_JSON: "", SLIPWAY_SSH_KEY: "" },
    wanted: { branch: "main", json: false, sshKeys: [] },
  },
  {
    name: "several keys",
    env: { SLIPWAY_SSH_KEY: "/a/key:/b/key" },
    wanted: { sshKeys: ["/a/key", "/b/key"] },
  },
  {
    name: "several age keys",
    env: { SLIPWAY_AGE_KEY: "/a/key:/b/key" },
    wanted: { ageKeys: ["/a/key", "/b/key"] },
  },
  {
    name: "keys given in place of those of the environment",
    given: { sshKey: ["/c"] },
    env: { SLIPWAY_SSH_KEY: "/a" },
    wanted: { sshKeys: ["/c"] },
  },
  {
    name: "switches by variable",
    env: {
      SLIPWAY_JSON: "1",
      SLIPWAY_VERBOSE: "true",
      SLIPWAY_ALLOW_REWIND: "0",
      SLIPWAY_ALLOW_UNPUSHED: "false",
    },
    wanted: { json: true, verbose: true, allowRewind: false, allowUnpushed: false },
  },
  {
    name: "secrets, only from variables",
    given: { repoToken: "nope" },
    env: { SLIPWAY_REPO_TOKEN: "r", SLIPWAY_FORGE_TOKEN: "f", SLIPWAY_SSH_PASSPHRASE: "p" },
    wanted: { repoToken: "r", forgeToken: "f", sshPassphrase: "p" },
  },
];

describe("options of all commands", () => {
  for (const { name, given = {}, env = {}, wanted } of cases) {
    it(`takes ${name}`, () => {
      const options = globalOptions(given, recordedIo({ env })) as unknown as Record<
        string,
        unknown
      >;
      for (const [key, value] of Object.entries(wanted)) assert.deepEqual(options[key], value, key);
    });
  }

  it("refuses a switch that is neither on nor off", () => {
    assert.throws(
      () => globalOptions({}, recordedIo({ env: { SLIPWAY_JSON: "yes" } })),
      (error) => error instanceof UserError && /SLIPWAY_JSON is 'yes'/.test(error.message),
    );
  });

  it("colours only a terminal, and not where somebody objects", () => {
    const on = (io: Parameters<typeof globalOptions>[1], given = {}) =>
      globalOptions(given, io).color.out;
    assert.equal(on(recordedIo({ isTerminal: true })), true);
    assert.equal(on(recordedIo({ isTerminal: false })), false);
    assert.equal(on(recordedIo({ isTerminal: true, env: { NO_COLOR: "1" } })), false);
    assert.equal(on(recordedIo({ isTerminal: true }), { color: false }), false);
  });
});
