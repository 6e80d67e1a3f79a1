import { request } from "node:http";

/** What the app says on a machine: of itself, or at `/env` its environment. */
export async function ask(address: string, path = "/"): Promise<string> {
  return await new Promise((resolve, reject) => {
    const call = request({ host: address, port: 8080, path, timeout: 2_000 }, (reply) => {
      let text = "";
      reply.on("data", (chunk: Buffer) => (text += chunk.toString()));
      reply.on("end", () => resolve(text.trim().split("\n").join(", ")));
    });
    call.on("error", reject);
    call.on("timeout", () => call.destroy(new Error("no answer")));
    call.end();
  });
}
