import { isObject } from "../../lib/json.ts";
import { Unreadable } from "../../model/live.ts";
import type { Answers, RunQuery } from "../../model/query.ts";
import type { About, AnyKind } from "../kind.ts";
import { beforeQuery, readBefore } from "./before.ts";
import { linesBeforeEnd } from "./lines.ts";

export const engineKind = "machine/engine";

/** `none`: surely; `unclear`: something of one is there, and no socket. */
export type EngineThere = "there" | "none" | "unclear";

const usualSocket = "/var/run/docker.sock";

/** All by the shell itself, where no socket is there. Only what can get an engine from us is ever said to have none. */
const script = `
found=
case $1 in /var/run/docker.sock|/run/docker.sock) ;; *) found="another socket" ;; esac
for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /snap/bin; do
  for name in docker dockerd podman containerd crio k3s kubelet; do [ ! -e "$folder/$name" ] || found=$name; done
done
for folder in /etc /lib /usr/lib /usr/local/lib /run; do
  for unit in docker.service docker.socket podman.socket; do
    [ ! -e "$folder/systemd/system/$unit" ] || found=$unit
  done
done
for socket in /run/docker.sock /run/podman/podman.sock; do [ ! -e "$socket" ] || found=$socket; done
[ -x /usr/bin/apt-get ] && [ -d /run/systemd/system ] || found="\${found:-no apt-get, or no systemd}"
if [ -n "$found" ]; then echo unclear; else echo none; fi
echo end
`;

function thereQuery({ named }: About): RunQuery {
  const socket = named?.get(engineKind)?.[0] ?? usualSocket;
  const argv = ["sh", "-c", script, "sh", socket];
  return { ask: "run", argv, where: [{ noSocket: socket }] };
}

/** Throws Unreadable. */
export function readThere(answers: Answers, about: About): EngineThere {
  const lines = linesBeforeEnd(answers, thereQuery(about), "whether there is an engine has no end");
  const [found] = lines;
  if (found === undefined) return "there";
  return found === "none" ? found : "unclear";
}

/** What was there when it was taken over. */
export interface EngineBefore {
  /** There was no engine, and ours was begun to be installed. */
  readonly installed: boolean;
  /** The text of daemon.json; null: there was none. */
  readonly daemon: string | null;
}

/** Throws Unreadable. */
export function engineBefore(answers: Answers, { root }: About): EngineBefore | undefined {
  const former = readBefore(answers, root, engineKind).get("");
  if (former === undefined) return undefined;
  const { installed, daemon } = isObject(former) ? former : {};
  if (typeof installed === "boolean" && (typeof daemon === "string" || daemon === null))
    return { installed, daemon };
  throw new Unreadable("what the engine was before is damaged");
}

/** All that must be asked to say whether a machine lacks an engine. */
export const lackQueries = (about: About): readonly RunQuery[] => [
  thereQuery(about),
  beforeQuery(about.root),
];

/** Surely without an engine, or with one of ours that is not ready: then its kinds wait for it. What is not known is no lack. */
export function lacksEngine(answers: Answers, about: About): boolean {
  try {
    const there = readThere(answers, about);
    return (
      there === "none" || (there === "unclear" && engineBefore(answers, about)?.installed === true)
    );
  } catch (error) {
    if (error instanceof Unreadable) return false;
    throw error;
  }
}

/** Whether a kind can be seen only with an engine. */
export const asksEngine = (kind: AnyKind, about: About): boolean =>
  kind.observe(about).some(({ ask }) => ask === "engine");
