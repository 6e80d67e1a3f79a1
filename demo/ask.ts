import { request } from "node:http";

/** The route of the example's shop. */
export const shopHost = "shop.example.com";

/** What the shop says by a machine's proxy: of itself, or at `/env` its environment. */
export async function ask(address: string, path = "/"): Promise<string> {
  return await new Promise((resolve, reject) => {
    const headers = { host: shopHost };
    const call = request({ host: address, port: 80, path, headers, timeout: 2_000 }, (reply) => {
      let text = "";
      reply.on("data", (chunk: Buffer) => (text += chunk.toString()));
      reply.on("end", () => resolve(text.trim().split("\n").join(", ")));
    });
    call.on("error", reject);
    call.on("timeout", () => call.destroy(new Error("no answer")));
    call.end();
  });
}
