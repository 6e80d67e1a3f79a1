import type { Command, EngineRequest, Fleet, Session } from "../../src/remote/session.ts";

/** A call that may change a machine: its place in order, and in words what it is. */
export interface Call {
  readonly number: number;
  readonly machine: string;
  readonly text: string;
}

/** Stands around each call that may change a machine; must run `work`, or not. */
export type Around = <T>(call: Call, work: () => Promise<T>) => Promise<T>;

/** The same connections, with something around each call that may change a machine. */
export function watchCalls(remote: Fleet, around: Around): Fleet {
  const wrapped = new WeakMap<Session, Session>();
  let number = 0;
  const wrap = (session: Session): Session => {
    const known = wrapped.get(session);
    if (known !== undefined) return known;
    const { machine } = session;
    const changing = async <T>(text: string, work: () => Promise<T>): Promise<T> =>
      await around({ number: ++number, machine, text }, work);
    const watched: Session = {
      ...session,
      exec: async (command) =>
        isReading(command)
          ? await session.exec(command)
          : await changing(textOf(command), () => session.exec(command)),
      start: async (command) => await changing("lock", () => session.start(command)),
      put: async (file) => await changing(`put ${file.path}`, () => session.put(file)),
      talk: async (request) =>
        request.text.startsWith("show ")
          ? await session.talk(request)
          : await changing(`talk ${request.text.slice(0, 100)}`, () => session.talk(request)),
      engine: async (request) =>
        request.method === "GET"
          ? await session.engine(request)
          : await changing(requestText(request), () => session.engine(request)),
      engineStream: async (request) =>
        request.method === "GET"
          ? await session.engineStream(request)
          : await changing(requestText(request), () => session.engineStream(request)),
    };
    wrapped.set(session, watched);
    return watched;
  };
  return { ...remote, session: async (target, how) => wrap(await remote.session(target, how)) };
}

/** Looking, reading a file, and asking the fence without telling it anything. */
const isReading = ({ argv }: Command): boolean =>
  /base64 \||exec (cat|tail|ls|grep)/.test(argv[2] ?? "") ||
  (argv.at(-1) === "-" && (argv[2] ?? "").includes("inventory.json"));

const textOf = ({ argv }: Command): string =>
  (argv[0] === "sh" ? ["sh", ...argv.slice(3)] : argv).join(" ").slice(0, 100);

const requestText = ({ method, path }: EngineRequest): string =>
  `${method} ${path.replaceAll(/[0-9a-f]{64}/g, (id) => id.slice(0, 8)).slice(0, 120)}`;
