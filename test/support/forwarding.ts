import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A port of this host that leads to another address, as a router before a machine has one. */
export interface Forwarding {
  readonly port: number;
  close(): void;
}

/** What does not answer soon is hung up on. */
const patienceMs = 700;

export async function forwardTo(address: string, port: number): Promise<Forwarding> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    const there = keep(connect({ host: address, port, timeout: patienceMs }));
    keep(client).once("close", () => there.destroy());
    there.once("close", () => client.destroy());
    there.once("timeout", () => there.destroy());
    there.once("connect", () => {
      there.setTimeout(0);
      client.pipe(there).pipe(client);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
