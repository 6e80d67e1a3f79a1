import { isCoded } from "../git/coded.ts";
import { SourceError } from "../source.ts";

/** What a server answered through the git library, by what happens next; undefined when it is not the server's doing. */
export function troubleWithServer(url: string, error: unknown): SourceError | undefined {
  if (error instanceof SourceError) return error;
  const fail = (trouble: SourceError["trouble"], text: string): SourceError =>
    new SourceError(trouble, `${url}: ${text}`, { cause: error });
  if (isCoded(error, "HttpError")) return troubleByStatus(url, statusOf(error));
  if (isCoded(error, "SmartHttpError") || isCoded(error, "ParseError")) {
    return fail(
      "unsupported",
      "the answer is not that of a git server; is this the address to clone from?",
    );
  }
  if (isCoded(error, "EmptyServerResponseError"))
    return fail("unreachable", "the server answered nothing");
  if (isCoded(error, "RemoteCapabilityError"))
    return fail("unsupported", "the server cannot serve shallow clones");
  if (isCoded(error, "PushRejectedError"))
    return fail("moved", "somebody else pushed in the meantime");
  if (isCoded(error, "NotFoundError")) return fail("missing", "the branch is not there");
  return undefined;
}

const statusOf = (error: unknown): number => {
  const { data } = error as { readonly data?: { readonly statusCode?: number } };
  return data?.statusCode ?? 0;
};

export function troubleByStatus(url: string, status: number): SourceError {
  if (status === 401 || status === 403) {
    return new SourceError(
      "denied",
      `${url} refused the login (HTTP ${status}): check the token and what it may do`,
    );
  }
  if (status === 404 || status === 410) {
    return new SourceError(
      "missing",
      `${url} is not there (HTTP ${status}), or the token may not see it`,
    );
  }
  const gone = status >= 500 || status === 408 || status === 429;
  return new SourceError(gone ? "unreachable" : "unsupported", `${url} answered HTTP ${status}`);
}

export const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
