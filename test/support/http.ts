import { request } from "node:http";

/** The body of a GET, on a connection of its own. */
export async function askHttp(
  host: string,
  port: number,
  path: string,
  timeoutMs = 15_000,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const call = request({ host, port, path, agent: false, timeout: timeoutMs }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.once("error", reject);
      reply.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    });
    call.once("timeout", () => call.destroy(new Error(`no answer of ${host}:${port}`)));
    call.once("error", reject);
    call.end();
  });
}
