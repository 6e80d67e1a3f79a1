import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { catalog, commandNames } from "../../src/cli/catalog.ts";
import type { CommandNode } from "../../src/cli/command.ts";
import { runCli } from "../../src/cli/program.ts";
import { noParts, recordedIo } from "./screen.ts";

/** With those behind them, each with its words. */
const allOf = (
  nodes: readonly CommandNode[],
  above: readonly string[] = [],
): readonly (readonly [CommandNode, readonly string[]])[] =>
  nodes.flatMap((node) => {
    const words = [...above, node.name];
    return [[node, words] as const, ...("commands" in node ? allOf(node.commands, words) : [])];
  });

describe("the command line", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "slipway-cli-"));
    await writeFile(join(dir, "slipway.yaml"), "fleet: acme\n");
  });
  after(async () => await rm(dir, { recursive: true, force: true }));

  const run = async (argv: readonly string[], env: Record<string, string> = {}) => {
    const io = recordedIo({ cwd: dir, env });
    return { code: await runCli(argv, io, noParts), ...io.said() };
  };

  it("shows the way when nothing is asked", async () => {
    const { code, out, err } = await run([]);
    assert.equal(code, 0);
    assert.match(out, /slipway init .*\n.*slipway validate/);
    assert.equal(err, "");
  });

  it("lists every command, and the variables of its flags", async () => {
    const { code, out } = await run(["--help"]);
    assert.equal(code, 0);
    for (const name of commandNames) assert.match(out, new RegExp(`^ {2}${name} `, "m"));
    for (const name of [
      "SLIPWAY_REPO",
      "SLIPWAY_SSH_KEY",
      "SLIPWAY_REPO_TOKEN",
      "SLIPWAY_FORGE_TOKEN",
    ])
      assert(out.includes(name), name);
  });

  for (const [spec, words] of catalog.flatMap(({ commands }) => allOf(commands))) {
    const name = words.join(" ");
    it(`teaches ${name} by two examples that parse`, async () => {
      const { code, out } = await run([...words, "--help"]);
      assert.equal(code, 0);
      assert(spec.examples.length >= 2);
      for (const [line] of spec.examples) {
        assert(out.includes(line), line);
        assert(line.startsWith(`slipway ${name}`), line);
        const argv = line
          .split("slipway ")[1]!
          .split(/ [|<>] /)[0]!
          .split(" ");
        const parsed = await run([
          ...argv.slice(0, argv.includes("--") ? argv.indexOf("--") : undefined),
          "--help",
        ]);
        assert.equal(parsed.code, 0, `${line}: ${parsed.err}`);
      }
    });
  }

  const wrong: readonly (readonly [argv: readonly string[], said: RegExp])[] = [
    [
      ["valdate"],
      /^slipway: there is no command 'valdate' \(did you mean 'validate'\?\)\n {2}There are: init, /,
    ],
    [
      ["valdate", "--help"],
      /^slipway: there is no command 'valdate' \(did you mean 'validate'\?\)/,
    ],
    [["help", "valdate"], /^slipway: there is no command 'valdate'/],
    [["--repo", "plan", "import", "--help"], /^slipway: 'slipway import' is not there yet/],
    [["jobs", "run"], /^slipway: missing required argument 'app'/],
    [["machine", "bootstrap"], /^slipway: missing required argument 'host'/],
    [["machine", "bootstrap", "a b"], /^slipway: 'a b' is no \[user@\]host\[:port\]/],
    [
      ["secrets", "lst"],
      /^slipway: there is no command 'secrets lst' \(did you mean '[a-z]+'\?\)\n {2}There are: set, /,
    ],
    [
      ["secrets", "gte", "--help"],
      /^slipway: there is no command 'secrets gte' \(did you mean 'get'\?\)/,
    ],
    [["help", "secrets", "gte"], /^slipway: there is no command 'secrets gte'/],
    [
      ["secrets", "get"],
      /^slipway: missing required argument 'name'\n {2}See 'slipway secrets get --help'/,
    ],
    [
      ["secrets", "set", "a.B", "--rwa"],
      /^slipway: unknown option '--rwa' \(did you mean '--raw'\?\)/,
    ],
    [["run", "--listen", "x:1"], /^slipway: 'slipway run --listen' is not there yet/],
    [
      ["plan", "--exitcode"],
      /^slipway: unknown option '--exitcode' .*\n? *See 'slipway plan --help'/,
    ],
    [["plan", "shop"], /^slipway: too many arguments/],
    [["why"], /^slipway: missing required argument 'address'/],
    [["logs", "shop", "--tail"], /^slipway: option '--tail <lines>' argument missing/],
    [["plan", "--", "ls"], /^slipway: 'slipway plan' takes nothing behind --/],
    [
      ["exec", "shop", "false"],
      /^slipway: put the command behind --\n {2}As in: slipway exec shop -- ls/,
    ],
    [["exec", "shop"], /^slipway: exec needs a command behind --/],
    [["init", "--machine", "web-1"], /^slipway: --machine 'web-1' is not NAME=ADDRESS/],
    [
      ["history", "-n", "none"],
      /^slipway: (there is no|.* is in no git repository|--number is 'none')/,
    ],
    [["run", "--interval", "fast"], /^slipway: --interval is 'fast': it is a duration/],
    [["plan", "--working-tree", "--revision", "HEAD"], /exclude each other/],
    [["plan"], /^slipway: .* is in no git repository\n {2}Give one with --repo/],
    [["--repo", "ssh://git@x.example/y", "plan"], /https/],
  ];
  for (const [argv, said] of wrong) {
    it(`says in a line what is wrong with '${argv.join(" ")}'`, async () => {
      const { code, out, err } = await run(argv);
      assert.equal(code, 1);
      assert.equal(out, "");
      assert.match(err, said);
      assert(!/\n\s+at /.test(err), "no stack");
    });
  }

  it("takes its options before and behind the command", async () => {
    for (const argv of [
      ["--json", "validate"],
      ["validate", "--json"],
    ]) {
      const { out } = await run(argv);
      assert.equal((JSON.parse(out) as { version: number }).version, 1);
    }
  });

  it("calls a bug a bug, with its stack", async () => {
    const io = recordedIo({ cwd: dir });
    const code = await runCli(["init", join(dir, "new")], io, noParts);
    assert.equal(code, 1);
    assert.match(
      io.said().err,
      /^slipway: this is a bug in Slipway.*\nError: no key may be made\n\s+at /,
    );
  });
});
