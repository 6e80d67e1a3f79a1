import { globSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { parseArgs } from "node:util";

export const usage = `bin/test [--static] [--unit] [--live] [FILE|FOLDER…]

  --static   types, lint, format, dead code
  --unit     tests that need no machine
  --live     tests on machines of their own (as root, on Linux)

Without any of them all three, up to the first that fails. With files: only those tests.`;

/** What a call of bin/test asks for. Test files are paths from the project's folder; none: that stage is not wanted. */
export interface Choice {
  readonly help: boolean;
  readonly checks: boolean;
  readonly unit: readonly string[];
  readonly live: readonly string[];
}

/** Thrown with a message for people. */
export class Misused extends Error {
  override readonly name = "Misused";
}

/** Throws Misused. */
export function choose(argv: readonly string[], cwd: string, top: string): Choice {
  const { flags, paths } = parse(argv);
  const isWanted = (flag: string): boolean =>
    flags.has(flag) || (flags.size === 0 && paths.length === 0);
  const named = paths.flatMap((path) => testsIn(resolve(cwd, path), top));
  if (paths.length > 0 && named.length === 0)
    throw new Misused(`there are no tests in ${paths.join(" ")}`);
  const files = paths.length > 0 ? named : testsIn(resolve(top, "test"), top);
  const wanted = (flag: string): boolean => paths.length > 0 || isWanted(flag);
  return {
    help: flags.has("help"),
    checks: isWanted("static"),
    unit: wanted("unit") ? files.filter((file) => !isLive(file)) : [],
    live: wanted("live") ? files.filter(isLive) : [],
  };
}

function parse(argv: readonly string[]): { flags: ReadonlySet<string>; paths: readonly string[] } {
  const boolean = { type: "boolean" } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: {
        static: boolean,
        unit: boolean,
        live: boolean,
        help: { ...boolean, short: "h" },
      },
      allowPositionals: true,
    });
    return { flags: new Set(Object.keys(values)), paths: positionals };
  } catch (error) {
    throw new Misused((error as Error).message);
  }
}

/** A file, or all test files below a folder. Throws Misused where there is neither. */
function testsIn(path: string, top: string): readonly string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Misused(`there is no ${path}`);
  const files = found.isFile() ? [path] : globSync(`${path}/**/*.test.ts`);
  return files.map((file) => relative(top, file)).toSorted();
}

const isLive = (file: string): boolean => /^test\/(live|bench)\//.test(file);
