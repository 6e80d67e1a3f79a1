import { Unreadable } from "../../../model/live.ts";
import { standardSite, type ProxySite } from "./config/site.ts";
import { parseMap, specMaps, type MapEntries, type SpecMap } from "./maps.ts";
import { addressText } from "./naming.ts";
import { occupiedBy, type Occupied } from "./slots.ts";

/** What a running proxy says of itself, each answer bounded and read strictly. */

export interface LiveProxy {
  /** Those that its configuration looks up: not all, where it has no routes, or listens nowhere. */
  readonly maps: ReadonlyMap<SpecMap, MapEntries>;
  readonly servers: readonly ServerSeen[];
}

/** One line for its socket, which asks for all of it. */
export const lookLine = ({ etc }: Pick<ProxySite, "etc"> = standardSite): string =>
  [...specMaps.map((name) => `show map ${etc}/${name}`), "show servers state"].join("; ");

/** The answer to `lookLine`: an empty line ends what is said to each command. */
export function readLook(text: string): LiveProxy {
  if (text.length > mostBytes) throw new Unreadable(`an answer is longer than ${mostBytes} bytes`);
  const answers = answersIn(text);
  if (answers.length !== specMaps.length + 1)
    throw new Unreadable(`${specMaps.length + 1} questions have ${answers.length} answers`);
  const maps = specMaps.flatMap((name, i) => {
    const answer = answers[i] ?? "";
    return answer.startsWith("Unknown map") ? [] : [[name, parseShownMap(answer)] as const];
  });
  return { maps: new Map(maps), servers: parseServers(answers.at(-1) ?? "") };
}

function answersIn(text: string): readonly string[] {
  const answers: string[] = [];
  let lines: string[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    if (line !== "") lines.push(line);
    else {
      answers.push(lines.join("\n"));
      lines = [];
    }
  }
  return lines.length === 0 ? answers : [...answers, lines.join("\n")];
}

/** A line of `show servers state`. */
export interface ServerSeen {
  readonly backend: string;
  readonly server: string;
  /** With its port. */
  readonly address: string;
  /** Not disabled, by itself or by the one whose checks it shares. */
  readonly isReady: boolean;
  /** Whether somebody said so of itself: `maint` or `drain`. */
  readonly isSetAside: boolean;
  /** It has answered its checks. */
  readonly isUp: boolean;
}

/** `show servers state` */
function parseServers(text: string): readonly ServerSeen[] {
  const [version, head, ...rest] = linesOf(text);
  if (version !== "1" || head?.startsWith("# ") !== true)
    throw new Unreadable("the states of servers are not in their first version");
  const columns = head.slice(2).split(" ");
  return rest.map((line) => {
    const row = rowOf(columns, line.split(" "));
    const admin = numberIn(row, "srv_admin_state");
    return {
      backend: textIn(row, "be_name"),
      server: textIn(row, "srv_name"),
      address: addressText(textIn(row, "srv_addr"), numberIn(row, "srv_port")),
      isReady: (admin & anyAside) === 0,
      isSetAside: (admin & ownAside) !== 0,
      isUp: numberIn(row, "srv_op_state") === 2,
    };
  });
}

/** Bits of `srv_admin_state`: forced or inherited maintenance, forced or inherited draining. */
const ownAside = 0x01 | 0x08;
const anyAside = ownAside | 0x02 | 0x10;

export const occupiedOf = (servers: readonly ServerSeen[]): Occupied =>
  occupiedBy(servers.flatMap(({ isSetAside, ...server }) => (isSetAside ? [] : [server])));

/** `show map FILE`: each line begins with where the entry is in memory. */
const parseShownMap = (text: string): MapEntries =>
  parseMap(
    linesOf(text)
      .map((line) => {
        const [, entry] = /^0x[0-9a-f]+ (.*)$/.exec(line) ?? [];
        if (entry === undefined) throw new Unreadable(`a map has a line without an entry`);
        return `${entry}\n`;
      })
      .join(""),
  );

/** A line of `show stat`: a server, or a whole backend or frontend (`BACKEND`, `FRONTEND`). */
export interface StatSeen {
  readonly proxy: string;
  readonly server: string;
  readonly status: string;
  /** Requests or connections under way. */
  readonly current: number;
  readonly total: number;
  /** Connections that did not come about; answers that broke off or never began. */
  readonly refused: number;
  readonly broken: number;
  /** Answers 5xx. */
  readonly failed: number;
  /** Mean of the last 1,024 answers. */
  readonly answerMs: number;
}

/** `show stat` */
export function parseStat(text: string): readonly StatSeen[] {
  const [head, ...rest] = linesOf(text);
  if (head?.startsWith("# pxname,") !== true) throw new Unreadable("the statistics have no head");
  const columns = head.slice(2).split(",");
  return rest.map((line) => {
    const row = rowOf(columns, line.split(","));
    return {
      proxy: textIn(row, "pxname"),
      server: textIn(row, "svname"),
      status: textIn(row, "status"),
      current: numberIn(row, "scur"),
      total: numberIn(row, "stot"),
      refused: countIn(row, "econ"),
      broken: countIn(row, "eresp"),
      failed: countIn(row, "hrsp_5xx"),
      answerMs: countIn(row, "rtime"),
    };
  });
}

const mostBytes = 16 * 1024 * 1024;

function linesOf(text: string): readonly string[] {
  if (text.length > mostBytes) throw new Unreadable(`an answer is longer than ${mostBytes} bytes`);
  return text.split("\n").filter((line) => line.trim() !== "");
}

type Row = ReadonlyMap<string, string>;

function rowOf(columns: readonly string[], values: readonly string[]): Row {
  if (values.length < columns.length)
    throw new Unreadable("a line has fewer columns than its head");
  return new Map(columns.map((column, i) => [column, values[i] ?? ""]));
}

function textIn(row: Row, column: string): string {
  const text = row.get(column);
  if (text === undefined || text === "") throw new Unreadable(`there is no ${column}`);
  return text;
}

function numberIn(row: Row, column: string): number {
  const text = textIn(row, column);
  if (!/^\d{1,15}$/.test(text)) throw new Unreadable(`${column} is not a number`);
  return Number(text);
}

/** Not every line counts everything. */
const countIn = (row: Row, column: string): number =>
  row.get(column) === "" ? 0 : numberIn(row, column);
