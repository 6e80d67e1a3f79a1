import type { Answer, TalkQuery } from "../model/query.ts";
import { RemoteError, type Session } from "../remote/session.ts";
import type { SocketQuestion } from "./shell-script.ts";

/** A question to the shell whose answer is waited for apart from the others. */
export function lookFor(path: string): {
  readonly question: SocketQuestion;
  readonly seen: Promise<Answer>;
} {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  return { question: { ask: "socket", path, tell: resolve }, seen: promise };
}

/**
 * Asks who listens at a socket, once it was seen to be there: a machine without it is not asked again. Never rejects for
 * trouble: that is told to `onTrouble`, and the answer is unknown.
 */
export async function askSocket(
  session: Session,
  { path, text, maxBytes }: TalkQuery,
  seen: Promise<Answer>,
  {
    timeoutMs,
    onTrouble,
  }: {
    readonly timeoutMs: number;
    readonly onTrouble: (trouble: RemoteError) => void;
  },
): Promise<Answer> {
  const socket = await seen;
  if (socket.state !== "answered") return socket;
  try {
    const answer = await session.talk({ path, text, timeoutMs, maxBytes });
    return { state: "answered", value: { form: "text", text: answer, code: 0 } };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    // It was left behind by who listened there.
    if (error.class === "network") return { state: "absent" };
    onTrouble(troubleOf(error));
    return { state: "unknown", why: error.message };
  }
}

/** Who is silent there, or says too much, is not the machine. */
const troubleOf = (error: RemoteError): RemoteError =>
  error.class === "timeout" || error.class === "limit"
    ? new RemoteError(error.machine, "network", error.message, { cause: error })
    : error;
