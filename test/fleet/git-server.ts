import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { close, listen } from "./listen.ts";
import { cleanEnv, must } from "./run.ts";
import type { GitFault, GitServer } from "./types.ts";

const gitEnv = { ...cleanEnv, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

/** Git's own smart HTTP backend behind a login, as a forge has it. */
export async function startGit(
  dir: string,
  hostAddress: string,
): Promise<{ git: GitServer; stop: () => Promise<void> }> {
  const root = join(dir, "git");
  await mkdir(root);
  const user = "git";
  const token = randomBytes(12).toString("hex");
  const wanted = Buffer.from(`${user}:${token}`).toString("base64");
  const requests: string[] = [];
  let fault: GitFault | undefined;
  const server = createServer((incoming, answer) => {
    requests.push(`${incoming.method ?? ""} ${incoming.url ?? ""}`);
    const slow = fault === "slow" ? 3_000 : 0;
    if (fault === "hang") return;
    if (fault === "500") {
      answer.writeHead(500).end("the server is on fire\n");
    } else if (incoming.headers.authorization !== `Basic ${wanted}`) {
      answer.writeHead(401, { "www-authenticate": 'Basic realm="fleet"' }).end("who are you?\n");
    } else {
      void pause(slow).then(() => backend(root, user, incoming, answer));
    }
  });
  await listen(server, hostAddress, 0);
  const { port } = server.address() as AddressInfo;
  const url = `http://${hostAddress}:${port}`;
  const repoDir = (name: string): string => join(root, `${name}.git`);
  const repoUrl = (name: string): string => `${url}/${name}.git`;
  const git: GitServer = {
    url,
    user,
    token,
    repoDir,
    repoUrl,
    loginUrl: (name) => repoUrl(name).replace("http://", `http://${user}:${token}@`),
    createRepo: async (name) => {
      await must(["git", "init", "-q", "--bare", "-b", "main", repoDir(name)], { env: gitEnv });
      return repoUrl(name);
    },
    fault: (kind) => {
      fault = kind;
      if (kind !== "hang") server.closeAllConnections(); // those left hanging
    },
    requests,
  };
  return { git, stop: () => close(server) };
}

/** One request through `git http-backend`, by the CGI rules. */
function backend(
  root: string,
  user: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
): void {
  const { headers } = incoming;
  const target = new URL(incoming.url ?? "/", "http://git");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...gitEnv,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GATEWAY_INTERFACE: "CGI/1.1",
      REQUEST_METHOD: incoming.method,
      PATH_INFO: decodeURIComponent(target.pathname),
      QUERY_STRING: target.search.slice(1),
      CONTENT_TYPE: headers["content-type"] ?? "",
      CONTENT_LENGTH: headers["content-length"],
      HTTP_CONTENT_ENCODING: headers["content-encoding"],
      GIT_PROTOCOL: headers["git-protocol"]?.toString(),
      REMOTE_USER: user, // who may push
      REMOTE_ADDR: incoming.socket.remoteAddress,
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  incoming.pipe(child.stdin);
  child.stdin.on("error", () => undefined); // it may answer without reading everything
  answer.on("close", () => child.kill());
  let head = Buffer.alloc(0);
  const readHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    child.stdout.off("data", readHead);
    let status = 200;
    for (const line of head.toString("latin1", 0, end).split("\r\n")) {
      const [, name = "", value = ""] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
      else if (name !== "") answer.setHeader(name, value);
    }
    answer.writeHead(status);
    answer.write(head.subarray(end + 4));
    child.stdout.pipe(answer);
  };
  child.stdout.on("data", readHead);
  child.once("close", () => (answer.headersSent ? answer.end() : answer.writeHead(500).end()));
}
