import { request as plainRequest, type IncomingHttpHeaders } from "node:http";
import { request as tlsRequest } from "node:https";
import type { Heard } from "./web-app.ts";

export interface Asked {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly tls?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in chunks, unless its length is among the headers. */
  readonly body?: string;
  /** Where it comes from. */
  readonly from?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own. */
export async function ask(what: Asked): Promise<Answered> {
  const { port, host, path = "/", method = "GET", tls = false, headers = {}, body, from } = what;
  return await new Promise((resolve, reject) => {
    const call = (tls ? tlsRequest : plainRequest)(
      {
        host: "127.0.0.1",
        port,
        path,
        method,
        headers: { host, ...headers },
        agent: false,
        timeout: 20_000,
        rejectUnauthorized: false,
        servername: host,
        ...(from === undefined ? {} : { localAddress: from }),
      },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on("data", (chunk: Buffer) => chunks.push(chunk));
        reply.once("error", reject);
        reply.once("end", () =>
          resolve({
            status: reply.statusCode ?? 0,
            headers: reply.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    call.once("timeout", () => call.destroy(new Error(`no answer to ${method} ${host}${path}`)));
    call.once("error", reject);
    if (body !== undefined) call.write(body);
    call.end();
  });
}

export const heard = ({ body }: Answered): Heard => JSON.parse(body) as Heard;
