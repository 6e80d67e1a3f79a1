import { LineCounter, parseDocument, type YAMLError } from "yaml";
import { conflictIn, conflictText } from "../lib/conflict.ts";
import type { Diagnostic, Where } from "../model/diagnostic.ts";
import type { FindingCode } from "./codes.ts";
import { convert } from "./convert.ts";
import { collectFindings, type Findings } from "./findings.ts";
import { emptyMap, isNull, startOf, type MapNode } from "./node.ts";
import { scan } from "./scan.ts";
import type { Template } from "./templates.ts";
import { decodeText } from "./text.ts";

/** The largest YAML file that is read. */
export const yamlLimit = 1024 * 1024;

/** A file as far as it could be read: its map (an empty file is an empty one), unless it has none. */
export interface ParsedFile {
  readonly root?: MapNode;
  /** A file of values that SOPS made, without what SOPS says of itself. */
  readonly isSops?: true;
  readonly template?: Template;
  readonly findings: readonly Diagnostic[];
}

/** Reads one YAML file, strictly: YAML 1.2 without directives, tags, merge keys or several documents. */
export function parseFile(file: string, bytes: Uint8Array): ParsedFile {
  const findings = collectFindings();
  const root = parseText(file, bytes, findings);
  const list = findings.all();
  return root === undefined ? { findings: list } : { root, findings: list };
}

function parseText(
  file: string,
  bytes: Uint8Array,
  { report, all }: Findings,
): MapNode | undefined {
  const text = decodeText(file, bytes, report);
  if (text === undefined) return undefined;
  const lines = new LineCounter();
  const whereIs = (offset: number): Where => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), col: Math.max(1, col) };
  };
  const problem = scan(text);
  if (problem !== undefined) {
    report(problem.code, lineAndColumn(file, text, problem.offset), problem.message);
    return undefined;
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    uniqueKeys: false,
    merge: false,
    version: "1.2",
    logLevel: "error",
  });
  const say = (list: readonly YAMLError[]): void => {
    const told = new Set<number>();
    for (const problem of list.slice(0, 20)) {
      const where = whereIs(problem.pos[0]);
      const [code, message] = explain(problem);
      // What follows in the line from a first mistake is none.
      if (code === "yaml-syntax" && told.has(where.line)) continue;
      told.add(where.line);
      report(
        code,
        where,
        code === "yaml-syntax" ? withQuotes(message, lineOf(text, where)) : message,
      );
    }
  };
  const conflictAt = document.errors.length === 0 ? undefined : conflictIn(text);
  if (conflictAt !== undefined) {
    report("merge-conflict", whereIs(conflictAt), conflictText);
    return undefined;
  }
  const problems = [...document.errors, ...document.warnings];
  say(problems.filter((problem) => !isOfTag(problem)));
  if (document.errors.some((error) => !isOfTag(error))) return undefined;
  if (document.contents === null) return emptyMap(startOf(file));
  const root = convert(document.contents, { whereIs, report });
  // What has a tag is refused where it stands, mostly.
  if (!all().some(({ code }) => code === "yaml-tag")) say(problems.filter(isOfTag));
  if (root === undefined || root.kind === "unknown") return undefined;
  if (isNull(root)) return emptyMap(startOf(file));
  if (root.kind === "map") return { ...root, at: startOf(file) };
  report(
    "wrong-type",
    root.at,
    `a file is a map of keys to values, not ${root.kind === "list" ? "a list" : "a single value"}`,
  );
  return undefined;
}

const lineOf = (text: string, { line }: Where): string => text.split("\n", line).at(-1) ?? "";

/** Braces of templates are maps to YAML. */
const withQuotes = (message: string, line: string): string =>
  /(?:\$\{|\{\{)/.test(line)
    ? "a value that holds ${…} or {{…}} needs quotes around it, since { starts a map (and only a template is filled in, with secrets)"
    : message;

const isOfTag = ({ code }: Pick<YAMLError, "code">): boolean => code === "TAG_RESOLVE_FAILED";

function explain(error: Pick<YAMLError, "code" | "message">): readonly [FindingCode, string] {
  const message = error.message.split("\n", 1)[0] ?? "";
  switch (error.code) {
    case "MULTIPLE_DOCS":
      return [
        "yaml-documents",
        "one file holds one document: what comes after `---` belongs in a file of its own",
      ];
    case "TAG_RESOLVE_FAILED":
    case "MULTIPLE_TAGS":
      return ["yaml-tag", "tags (!…) are not used here; put quotes around text"];
    case "RESOURCE_EXHAUSTION":
      return ["too-deep", "too many levels deep"];
    case "TAB_AS_INDENT":
      return ["yaml-syntax", "YAML is indented with spaces, not with tabs"];
    default:
      return ["yaml-syntax", message];
  }
}

function lineAndColumn(file: string, text: string, offset: number): Where {
  const before = text.slice(0, offset);
  return { file, line: before.split("\n").length, col: offset - before.lastIndexOf("\n") };
}
