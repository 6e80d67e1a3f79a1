import { styleText } from "node:util";
import { printableLine } from "../../lib/text.ts";
import { jsonLine } from "../../report/json.ts";
import type { Context } from "../command.ts";
import type { LogSource } from "../../observe/logs.ts";
import { tagOf, type SourceLine } from "./lines.ts";

export interface LineShow {
  /** Leaves room for what this container is called. */
  expect(source: LogSource): void;
  show(line: SourceLine): Promise<void>;
  /** Of what is not followed: there is no more, and this is missing. */
  end(troubles: readonly LogTrouble[]): void;
}

export interface LogTrouble {
  readonly machine: string;
  readonly text: string;
}

const colours = ["cyan", "yellow", "green", "magenta", "blue"] as const;

/**
 * One line of a log as it is shown: whose it is, then what it says. With --json all lines are one document, or a document
 * each where there is no end to them.
 */
export function lineShow(
  { io, options }: Context,
  { withTime, follows }: { readonly withTime: boolean; readonly follows: boolean },
): LineShow {
  let shown = 0;
  const tags = new Map<string, (text: string) => string>();
  let width = 0;
  const paintFor = (tag: string): ((text: string) => string) => {
    const known = tags.get(tag);
    if (known !== undefined) return known;
    const colour = colours[tags.size % colours.length] ?? "cyan";
    const paint = options.color.out
      ? (text: string): string => styleText(colour, text, { validateStream: false })
      : (text: string): string => text;
    tags.set(tag, paint);
    return paint;
  };
  const textOf = (line: SourceLine): string => {
    const tag = tagOf(line.source);
    width = Math.max(width, tag.length);
    const time = withTime ? `${line.time} ` : "";
    // A terminal would obey what an app writes; a file or a pipe gets it as it is.
    const text = io.out.isTerminal ? printableLine(line.text) : line.text;
    return `${paintFor(tag)(`${tag.padEnd(width)} |`)} ${time}${text}\n`;
  };
  return {
    expect: (source) => {
      width = Math.max(width, tagOf(source).length);
    },
    show: async (line) => {
      const isPart = options.json && !follows;
      const before = isPart ? (shown === 0 ? documentHead : ",\n") : "";
      const end = options.json && follows ? "\n" : "";
      io.out.write(options.json ? `${before}${documentOf(line)}${end}` : textOf(line));
      shown += 1;
      await io.out.drained();
    },
    end: (troubles) => {
      if (!options.json) return;
      io.out.write(`${shown === 0 ? documentHead : ""}\n],"troubles":${jsonLine(troubles)}}\n`);
    },
  };
}

/** Lines are not kept until the last is there: schemas/logs.schema.json is written piece by piece. */
const documentHead = '{"version":1,"lines":[\n';

function documentOf({ source, time, stream, text }: SourceLine): string {
  const { machine, app, instance, name: container } = source;
  return jsonLine({
    version: 1,
    time,
    machine,
    app,
    instance: instance ?? null,
    container,
    stream,
    text,
  });
}
