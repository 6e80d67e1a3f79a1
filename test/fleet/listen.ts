import type { Server } from "node:http";

/** Listens without keeping the process running for it. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.unref();
      resolve();
    });
    // An idle client of ours must not hold the process either.
    server.on("connection", (socket) => socket.unref());
  });
}

export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
