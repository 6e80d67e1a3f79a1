import { imageTextsOf } from "../desired/names.ts";
import { proxyImageIn, usesProxies } from "../desired/proxies.ts";
import { registryOf } from "../lib/image-name.ts";
import { canonicalJson } from "../lib/json.ts";
import type { Documents } from "../model/documents.ts";
import { RemoteError, type Fleet, type Session, type Target } from "../remote/session.ts";
import { targetsOf } from "./targets.ts";

/** What may be asked on behalf of a commit that nobody has agreed to yet: what the branch itself names. */
export interface Bounds {
  /** By machine: exactly so is it reached, or not at all. */
  readonly targets: ReadonlyMap<string, Target>;
  /** Hosts that engines may be made to ask for an image. */
  readonly registries: ReadonlySet<string>;
  /** Hosts for which the commit has another login: that is not sent, and without it the answer would be another one. */
  readonly otherLogins: ReadonlySet<string>;
}

/** How all that is refused here ends: it is no trouble, and is asked once the commit is on the branch. */
export const askedLater = "asked once it is merged";

/** For a commit with these `documents`. */
export const boundsOf = (branch: Documents, documents: Documents): Bounds => ({
  targets: targetsOf(branch),
  registries: new Set(imagesIn(branch).map(registryOf)),
  otherLogins: new Set(
    [...documents.logins.keys()].filter((host) => !isSameLogin(host, branch, documents)),
  ),
});

function imagesIn(branch: Documents): readonly string[] {
  const apps = [...branch.apps.values()];
  const own = apps.flatMap((app) => [...imageTextsOf(app).keys()]);
  return usesProxies(branch, apps) ? [...own, proxyImageIn(branch)] : own;
}

/**
 * The same machines for someone who only looks, and only at what the branch names. No address, host key, user or jump
 * host of the commit's own is ever tried, no registry of its own asked, and nothing is changed.
 */
export function readingWithin(remote: Fleet, bounds: Bounds): Fleet {
  return {
    session: async (target, options) => {
      const own = bounds.targets.get(target.machine);
      if (own === undefined)
        throw new RemoteError(target.machine, "unreachable", `a new machine, ${askedLater}`);
      if (canonicalJson(own) !== canonicalJson(target)) {
        const why = `the branch reaches it in another way, ${askedLater}`;
        throw new RemoteError(target.machine, "unreachable", why);
      }
      return reading(await remote.session(own, options), bounds);
    },
    seenHostKey: (machine) => remote.seenHostKey(machine),
    close: async () => await Promise.resolve(),
  };
}

function reading(session: Session, { registries, otherLogins }: Bounds): Session {
  const { machine } = session;
  const refuse = (): never => {
    throw new Error(`a plan changes nothing on ${machine}`);
  };
  return {
    machine,
    gone: session.gone,
    limit: (seconds) => session.limit(seconds),
    exec: async (command) => await session.exec(command),
    start: async (command) => await session.start(command),
    engine: async (request) => {
      if (request.method !== "GET" && request.method !== "HEAD") refuse();
      const image = /^\/distribution\/(.+)\/json$/.exec(request.path)?.[1];
      const registry = image === undefined ? undefined : registryOf(decodeURIComponent(image));
      if (registry !== undefined && !registries.has(registry))
        throw new RemoteError(machine, "access", `no app has one from ${registry}, ${askedLater}`);
      if (registry !== undefined && otherLogins.has(registry))
        throw new RemoteError(machine, "access", `another login for ${registry}, ${askedLater}`);
      return await session.engine(request);
    },
    talk: async (request) => (isShowing(request.text) ? await session.talk(request) : refuse()),
    probe: refuse,
    put: refuse,
    confirm: refuse,
    engineStream: refuse,
    execIn: refuse,
    startAttached: refuse,
    close: async () => await Promise.resolve(),
  };
}

/** Commands of a proxy's socket that change nothing. */
const isShowing = (text: string): boolean =>
  text
    .split(/[;\n]/)
    .map((command) => command.trim())
    .every((command) => command === "" || command.startsWith("show "));

/** Without logins that the branch has not: they would send a secret where nobody agreed to. */
export const withLoginsOf = (branch: Documents, documents: Documents): Documents => ({
  ...documents,
  logins: new Map([...documents.logins].filter(([host]) => isSameLogin(host, branch, documents))),
});

function isSameLogin(host: string, branch: Documents, documents: Documents): boolean {
  const [own, other] = [branch.logins.get(host), documents.logins.get(host)];
  return own?.user === other?.user && own?.password.id === other?.password.id;
}
