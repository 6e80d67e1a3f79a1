import { mapLimit } from "../lib/parallel.ts";
import { engineMessage } from "../lib/engine-message.ts";
import { familiarName, repositoryOf } from "../lib/image-name.ts";
import { isObject } from "../lib/json.ts";
import { registryAuthHeader } from "../lib/registry-auth.ts";
import { imageKey, type ImageReferences } from "../model/image.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Trouble } from "../model/outcome.ts";
import { registrySaid } from "../model/registry.ts";
import { RemoteError, type Session } from "../remote/session.ts";

export interface ImageWish {
  readonly app: string;
  readonly family: string;
  readonly text: string;
  readonly machines: readonly string[];
  /** `pull: always`: what the text meant before does not count. */
  readonly again: boolean;
  /** What the text meant in the revision that the app returns to: it means that again. */
  readonly meant?: string;
}

/** The login for an image's registry, as a header of the question; undefined: none is declared. */
export type LoginOf = (text: string) => { readonly header: string } | undefined;

export interface ResolvedImages {
  readonly references: ImageReferences;
  /** Family → why not. */
  readonly unresolved: ReadonlyMap<string, Trouble>;
  /** Family → what its machines wait for before they can be asked. */
  readonly awaiting: ReadonlyMap<string, string>;
}

const askMs = 30_000;

/**
 * What each image text means: what an inventory says it meant before, else what the registry says (asked by an engine of
 * the app), else the image of that name which the engine has. Only machines that are `answering` are asked; of one that lacks
 * an engine `lacks` says what it waits for.
 * `asked` remembers answers within one pass. A login is sent with the question and kept nowhere.
 */
export async function resolveImages(
  wishes: readonly ImageWish[],
  inventories: ReadonlyMap<string, Inventory>,
  answering: ReadonlySet<string>,
  session: (machine: string) => Promise<Session>,
  asked: Map<string, Promise<string | Trouble>>,
  loginOf: LoginOf,
  lacks: (machine: string) => string | undefined = () => undefined,
): Promise<ResolvedImages> {
  const references = new Map<string, string>();
  const unresolved = new Map<string, Trouble>();
  const awaiting = new Map<string, string>();
  await mapLimit(wishes, 10, async (wish) => {
    const remembered = wish.again ? undefined : meantBefore(wish, inventories);
    const known = wish.text.includes("@sha256:") ? wish.text : (wish.meant ?? remembered);
    const on = known === undefined ? awaited(wish, answering, lacks) : undefined;
    if (on !== undefined) return void awaiting.set(wish.family, on);
    const answer = known ?? (await askOnce(wish, answering, session, asked, loginOf));
    if (typeof answer === "string") references.set(imageKey(wish.app, wish.text), answer);
    else unresolved.set(wish.family, answer);
  });
  return { references, unresolved, awaiting };
}

/** Undefined where one of its machines can be asked now, or where one that may be has not answered. */
function awaited(
  { machines }: ImageWish,
  answering: ReadonlySet<string>,
  lacks: (machine: string) => string | undefined,
): string | undefined {
  if (machines.some((machine) => answering.has(machine))) return undefined;
  return machines.map(lacks).find((on) => on !== undefined);
}

function meantBefore(
  wish: ImageWish,
  inventories: ReadonlyMap<string, Inventory>,
): string | undefined {
  for (const inventory of inventories.values()) {
    const reference = inventory.apps[wish.family]?.images[wish.text];
    if (reference !== undefined) return reference;
  }
  return undefined;
}

async function askOnce(
  wish: ImageWish,
  answering: ReadonlySet<string>,
  session: (machine: string) => Promise<Session>,
  asked: Map<string, Promise<string | Trouble>>,
  loginOf: LoginOf,
): Promise<string | Trouble> {
  const machine = wish.machines.find((m) => answering.has(m));
  if (machine === undefined) {
    return {
      machine: wish.machines[0] ?? "",
      class: "unreachable",
      text: `no machine of ${wish.app} can ask for ${wish.text}`,
    };
  }
  const key = `${machine} ${wish.text}`;
  const running = asked.get(key) ?? ask(machine, wish.text, session, loginOf(wish.text));
  asked.set(key, running);
  return await running;
}

async function ask(
  machine: string,
  text: string,
  open: (machine: string) => Promise<Session>,
  login: ReturnType<LoginOf>,
): Promise<string | Trouble> {
  try {
    const session = await open(machine);
    const path = `/distribution/${encodeImage(text)}/json`;
    const headers = login === undefined ? {} : { [registryAuthHeader]: login.header };
    const reply = await session.engine({ method: "GET", path, headers, timeoutMs: askMs });
    const digest =
      isObject(reply.body) && isObject(reply.body["Descriptor"])
        ? reply.body["Descriptor"]["digest"]
        : undefined;
    if (reply.status === 200 && typeof digest === "string")
      return `${repositoryOf(text)}@${digest}`;
    const local = await localImage(session, text);
    if (local !== undefined) return local;
    const { status } = reply;
    const said = engineMessage(reply.body) ?? `status ${status}`;
    const why = registrySaid(text, { status, said, hasLogin: login !== undefined });
    return { machine, class: "pull", text: `image ${text} cannot be resolved: ${why}` };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const cls = error.class === "timeout" || error.class === "limit" ? "engine" : error.class;
    return { machine, class: cls, text: `image ${text} cannot be resolved: ${error.message}` };
  }
}

/** An image that is only local is taken by its id; one that came from a registry by the digest it came with. */
async function localImage(session: Session, text: string): Promise<string | undefined> {
  const reply = await session.engine({
    method: "GET",
    path: `/images/${encodeImage(text)}/json`,
    timeoutMs: askMs,
  });
  if (reply.status !== 200 || !isObject(reply.body)) return undefined;
  const { RepoDigests: digests, Id: id } = reply.body;
  const own = Array.isArray(digests)
    ? digests.find(
        (d) => typeof d === "string" && d.startsWith(`${familiarName(repositoryOf(text))}@`),
      )
    : undefined;
  if (typeof own === "string") return own;
  return typeof id === "string" ? id : undefined;
}

/** Slashes stay: the engine's routes take the name as a path. */
const encodeImage = (text: string): string => text.split("/").map(encodeURIComponent).join("/");
