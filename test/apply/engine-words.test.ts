import assert from "node:assert/strict";
import { test } from "node:test";
import { engineRefusal } from "../../src/apply/engine-words.ts";

const start = { method: "POST", path: ["containers", { bound: "new" }, "start"] } as const;
const endpoint =
  "driver failed programming external connectivity on endpoint acme-shop-1-new (5409aa): ";
const runc =
  "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ";

const cases: readonly (readonly [message: string, said: string])[] = [
  [
    `${endpoint}Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use`,
    "host port 8080 of web-1 is in use by something else (engine: Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use; 500)",
  ],
  [
    `${endpoint}Error starting userland proxy: listen udp4 10.0.0.11:53: bind: address already in use`,
    "host port 10.0.0.11:53 of web-1 is in use by something else (engine: ",
  ],
  [
    `failed to set up container networking: ${endpoint}failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use`,
    "host port 8080 of web-1 is in use by something else (engine: failed to bind",
  ],
  [
    `${endpoint}failed to bind host port 10.0.0.11:8080/tcp: address already in use`,
    "host port 10.0.0.11:8080 of web-1 is in use by something else (engine: ",
  ],
  [
    `${endpoint}Bind for 0.0.0.0:8080 failed: port is already allocated`,
    "host port 8080 of web-1 is in use by another container (engine: Bind for 0.0.0.0:8080 failed",
  ],
  [
    `${endpoint}Error starting userland proxy: listen tcp4 10.9.9.9:80: bind: cannot assign requested address`,
    "web-1 has no address 10.9.9.9 to publish port 80 on (engine: ",
  ],
  [
    `${runc}exec: "serve": executable file not found in $PATH: unknown`,
    "there is no 'serve' in the image to run (engine: unable to start container process: exec: \"serve\": executable file not found in $PATH; 500)",
  ],
  [
    `${runc}exec: "/bin/x": stat /bin/x: no such file or directory: unknown`,
    "there is no '/bin/x' in the image to run (engine: ",
  ],
  [`${runc}exec: "/etc": permission denied`, "'/etc' in the image may not be run: "],
  ["invalid signal: FOO", "stopSignal: the engine knows no signal 'FOO' (engine: "],
  [
    'invalid CapAdd: unknown capability: "CAP_FOO"',
    "capAdd: the engine knows no capability 'CAP_FOO' (engine: ",
  ],
  [
    `${runc}sysctl "kernel.foo" is not in a separate kernel namespace`,
    "sysctls: the engine does not set 'kernel.foo' in a container (engine: ",
  ],
  [
    "unable to find user nobody2: no matching entries in passwd file",
    "user: there is no 'nobody2' in the image (engine: ",
  ],
  ["something new", "the engine of web-1 could not start a container (engine: something new; 500)"],
];

for (const [message, said] of cases) {
  test(`an engine that says '${message.slice(0, 60)}' means '${said.slice(0, 60)}'`, () => {
    const text = engineRefusal(start, "web-1", message, 500);
    assert(text.startsWith(said), text);
  });
}

test("calls are named in words where the engine says something new", () => {
  const said = (method: "POST" | "DELETE", ...path: string[]): string =>
    engineRefusal({ method, path }, "web-1", "no", 409);
  assert.match(said("DELETE", "networks", "x"), /could not remove a network \(engine: no; 409\)$/);
  assert.match(
    said("POST", "networks", "x", "connect"),
    /could not attach a container to a network/,
  );
  assert.match(said("POST", "containers", "x", "kill"), /could not do POST \/containers\/x\/kill/);
});

test("what the engine says is shortened, and stays in the words' room", () => {
  const text = engineRefusal(start, "web-1", "word ".repeat(200), 500);
  assert(text.length < 250, text);
  assert.match(text, /word…; 500\)$/);
});
