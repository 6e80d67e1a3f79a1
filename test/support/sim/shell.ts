import { listCertificates } from "./certificates.ts";
import type { SimDisk } from "./disk.ts";
import { listJobs } from "./jobs.ts";
import { proxySums } from "./proxy-files.ts";
import { listSettings, listTaken } from "./settings.ts";
import { commandsOf } from "./words.ts";

/** What scripts find on a machine. */
export interface ShellSide {
  readonly disk: SimDisk;
  readonly isDiskFull: boolean;
  /** Who answers at a unix socket. */
  listenerAt(path: string): unknown;
  /** Of the machine's own clock. */
  seconds(): number;
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const said = (stdout: string, code = 0): Ran => ({ code, stdout, stderr: "" });
const failed = (code: number, stderr = ""): Ran => ({ code, stdout: "", stderr });

const facts = (seconds: number): string =>
  [
    "os=Debian GNU/Linux 12",
    "kernel=6.1.0",
    "arch=x86_64",
    "bootId=boot",
    "machineId=machine",
    `clock=${seconds * 1000}`,
    "uptime=1000.5",
    "load=0.01",
    "memoryTotal=8000000",
    "memoryAvailable=7000000",
    "engineFolder=/var/lib/docker",
    "diskTotal=100000000",
    "diskAvailable=90000000",
    "",
  ].join("\n");

/** The commands that a machine gets one by one, known by what their scripts hold. Throws for one that is not known. */
export function runCommand(machine: ShellSide, argv: readonly string[]): Ran {
  const [command, , script = "", , ...parameters] = argv;
  if (command !== "sh") {
    machine.disk.run({ argv });
    return said("");
  }
  const [first = "", second = "", third = ""] = parameters;
  const text = machine.disk.read(script.includes('"epoch":') ? `${first}/inventory.json` : first);
  if (script.includes('> "$1/lock"')) return fence(machine, text, first, second, third);
  if (script.includes("exit 44; exec cat")) return text === undefined ? failed(44) : said(text);
  if (script.includes("exit 0; exec cat")) return said(text ?? "");
  // It keeps no times, and so does not know what was changed by hand.
  if (script.includes("stat -c %Z")) return said("end\n");
  if (script.includes("exec grep -F")) {
    const lines = (text ?? "").split("\n").filter((line) => line.includes(second));
    return text === undefined || lines.length > 0 ? said(lines.join("\n")) : failed(1);
  }
  if (script.includes("exec tail -n")) {
    const lines = (text ?? "").split("\n");
    return said(lines.slice(-Number(second) - 1).join("\n"));
  }
  if (script.includes("</proc/meminfo"))
    return said(`7000000 ${machine.isDiskFull ? 0 : 90000000}\n`);
  machine.disk.run({ argv });
  return said("");
}

function fence(
  machine: ShellSide,
  inventory: string | undefined,
  root: string,
  epoch: string,
  seconds: string,
): Ran {
  const live = /^\s*"epoch": (\d+),$/m.exec(inventory ?? "")?.[1];
  if (live !== epoch) return failed(76);
  if (seconds !== "-")
    machine.disk.write(`${root}/lock`, `until ${machine.seconds() + Number(seconds)}\n`);
  return said("");
}

/** Answers a script of questions, each framed as the script itself would. Throws for a question that is not known. */
export function answerScript(machine: ShellSide, input: string): string {
  const mark = /^m=([0-9a-f]+)$/m.exec(input)?.[1] ?? "";
  const questions = /\nall\(\) \{\n([^]*)\nprintf '%s done\\n' "\$m"\n\}\n/.exec(input)?.[1];
  if (questions === undefined) throw new Error(`not a script of questions: ${input.slice(0, 200)}`);
  const asking = questions.replace('\nabsent "$@"', "");
  const frames = commandsOf(asking).map(([how = "", index = "", ...words]) => {
    const { content, ending } = answerTo(machine, how, words);
    return `${mark} ${index}\n${content}\n${mark} end ${ending}\n`;
  });
  return `${frames.join("")}${mark} done\n`;
}

interface Answered {
  readonly content: string;
  readonly ending: string;
}

function answerTo(machine: ShellSide, how: string, words: readonly string[]): Answered {
  const { disk } = machine;
  const [path = ""] = words;
  if (how === "file") {
    const content = disk.read(path);
    return content === undefined ? { content: "", ending: "absent" } : { content, ending: "0" };
  }
  if (how === "socket")
    return { content: "", ending: machine.listenerAt(path) === undefined ? "absent" : "0" };
  // What there is no sign of says as much by itself.
  if (how === "where")
    return { content: outputOf(machine, words.slice(words.indexOf("--") + 1)), ending: "0" };
  if (how === "answer") return { content: outputOf(machine, words), ending: "0" };
  throw new Error(`the simulator does not know ${how} ${words.join(" ")}`);
}

function outputOf(machine: ShellSide, words: readonly string[]): string {
  const { disk } = machine;
  const [command, , script = "", , parameter = ""] = words;
  if (command === "sh" && script.includes("certs.next")) return listCertificates(disk, parameter);
  if (command === "sh" && script.includes("echo sums")) return disk.listing(parameter);
  if (command === "sh" && script.includes("/hosts.*")) return disk.hostsSums(parameter);
  if (command === "sh" && script.includes("/proc/meminfo")) return facts(machine.seconds());
  if (command === "sh" && script.includes('cd -- "$1/proxy"')) return proxySums(disk, parameter);
  if (command === "sh" && script.includes("systemctl show")) return listJobs(disk, words.slice(4));
  if (command === "sh" && script.includes("path=/proc/sys/"))
    return listSettings(disk, words.slice(4));
  if (command === "sh" && script.includes('set -- "$1"/*.json')) return listTaken(disk, parameter);
  // Of what a machine is by itself it has nothing, and says so as the kinds' scripts do.
  if (command === "sh" && script.endsWith("echo end\n")) return "end\n";
  throw new Error(`the simulator does not know ${words.join(" ")}`);
}
