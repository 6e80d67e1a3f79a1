import ssh2 from "ssh2";
import {
  fingerprint,
  formatHostKey,
  hostKeyAlgorithms,
  hostKeyOf,
  type HostKey,
} from "./hostkey.ts";
import { RemoteError } from "./session.ts";
import { plain } from "./trouble.ts";

const timeoutMs = 10_000;

/** The key that a server shows when it is asked as by `ssh-keyscan`: no login is tried. Rejects with RemoteError. */
export async function scanHostKey(
  address: string,
  port: number,
): Promise<{ readonly text: string; readonly fingerprint: string }> {
  const client = new ssh2.Client();
  const key = await new Promise<HostKey>((resolve, reject) => {
    // Stays: what comes after the key was seen must not end the process.
    client.on("error", (error) =>
      reject(new RemoteError(address, "unreachable", `${address}:${port}: ${plain(error)}`)),
    );
    client.once("close", () =>
      reject(new RemoteError(address, "unreachable", `${address}:${port} shows no host key`)),
    );
    client.connect({
      host: address,
      port,
      username: "slipway",
      readyTimeout: timeoutMs,
      algorithms: { serverHostKey: hostKeyAlgorithms(undefined) },
      hostVerifier: (blob: Buffer) => {
        resolve(hostKeyOf(blob));
        return false;
      },
    });
  }).finally(() => client.destroy());
  return { text: formatHostKey(key), fingerprint: fingerprint(key) };
}
