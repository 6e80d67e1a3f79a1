import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { selfSigned } from "../../src/acme/x509.ts";
import { rewriteScript } from "../../src/apply/traffic/rewrite.ts";
import { takeNames } from "../../src/kinds/app/container/follow.ts";
import type { InstanceContainer } from "../../src/kinds/index.ts";
import { certificate } from "../../src/kinds/machine/certificate.ts";
import {
  dropFormer,
  keepFormer,
  layAnew,
  replace,
  restoreFormer,
} from "../../src/kinds/shared/files/replace.ts";
import { names } from "../../src/kinds/machine/names.ts";
import { sysctl } from "../../src/kinds/machine/sysctl.ts";
import { filesQuery, linkFiles, readFiles } from "../../src/kinds/machine/names/files.ts";
import { certificatesQuery, readCertificates } from "../../src/kinds/shared/certificate/files.ts";
import { parseTrees, treesQuery, type Trees } from "../../src/kinds/shared/files/tree.ts";
import { filesQuery as proxyFilesQuery } from "../../src/kinds/machine/proxy/state.ts";
import { certifiedText } from "../../src/lib/certificate.ts";
import type { RunQuery } from "../../src/model/query.ts";
import type { RunStep } from "../../src/model/step.ts";
import { instanceState } from "../support/instances.ts";
import { fileName } from "../support/specs.ts";
import { SimDisk, sha256 } from "../support/sim/disk.ts";
import { proxySums } from "../support/sim/proxy-files.ts";
import { rewriteServers } from "../support/sim/proxy.ts";

const digest = "ab".repeat(32);

const at = (address: string): InstanceContainer => {
  const { containers } = instanceState({ containers: [{ made: {}, as: "current" }] }, undefined);
  return { ...(containers[0] as InstanceContainer), addresses: { bridge: address } };
};

describe("what kinds ask a shell", () => {
  let folder: string;
  /** A folder in which every tool is busybox's. */
  let busyboxOnly: string;

  const shells = (): readonly { name: string; shell: readonly string[]; path: string }[] => {
    const usual = process.env["PATH"] ?? "/usr/bin:/bin";
    return [
      { name: "sh", shell: ["sh"], path: usual },
      { name: "dash", shell: ["dash"], path: usual },
      { name: "bash", shell: ["bash"], path: usual },
      { name: "busybox", shell: ["busybox", "sh"], path: busyboxOnly },
    ].filter(({ shell }) => spawnSync("which", [shell[0] ?? ""]).status === 0);
  };

  const ask = (
    query: RunQuery,
    { shell, path }: { shell: readonly string[]; path: string },
  ): string => {
    const [command = "", ...first] = shell;
    const program = execFileSync("which", [command], { encoding: "utf8" }).trim();
    const argv = [...first, ...query.argv.slice(1)];
    return execFileSync(program, argv, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: path, LANG: "C.UTF-8" },
    });
  };

  /** Those that are here. */
  const awks = (): readonly string[] =>
    ["mawk", "gawk", "busybox"].filter((name) => spawnSync("which", [name]).status === 0);

  /** A path on which `awk` is this one. */
  const withAwk = (path: string, awk: string): string => {
    const bin = join(folder, `awk-${awk}`);
    mkdirSync(bin, { recursive: true });
    const program = execFileSync("which", [awk], { encoding: "utf8" }).trim();
    rmSync(join(bin, "awk"), { force: true });
    symlinkSync(program, join(bin, "awk"));
    return `${bin}:${path}`;
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kinds-shells-"));
    busyboxOnly = join(folder, "bin");
    mkdirSync(busyboxOnly);
    const found = spawnSync("which", ["busybox"], { encoding: "utf8" }).stdout.trim();
    for (const tool of [
      "sh",
      "find",
      "stat",
      "sha256sum",
      "cat",
      "head",
      "cp",
      "mv",
      "rm",
      "ln",
      "mkdir",
      "rmdir",
      "chown",
      "chmod",
      "grep",
    ])
      if (found !== "") symlinkSync(found, join(busyboxOnly, tool));
    // Debian's busybox has none; the lock of a machine asks for a real one as well.
    const flock = execFileSync("which", ["flock"], { encoding: "utf8" }).trim();
    symlinkSync(flock, join(busyboxOnly, "flock"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const put = (root: string, path: string, content: string): void => {
    const file = Buffer.from(join(root, "files", path));
    mkdirSync(dirname(file.toString()), { recursive: true });
    writeFileSync(file, content);
  };

  const asked = (root: string): readonly Trees[] =>
    shells().map((shell) => parseTrees(ask(treesQuery(root), shell)));

  test("files with any name are listed alike by all shells", () => {
    const tree = fc.dictionary(fileName, fc.string({ unit: "grapheme" }), {
      minKeys: 1,
      maxKeys: 8,
    });
    let count = 0;
    fc.assert(
      fc.property(tree, (files) => {
        const root = join(folder, `case-${++count}`);
        for (const [path, content] of Object.entries(files))
          put(root, `${digest}/d/${path}`, content);
        for (const trees of asked(root)) {
          const nodes = trees.get(digest)?.nodes;
          const listed = [...(nodes ?? [])].filter(([, node]) => node.type === "file");
          const put = Object.entries(files).map(([path, text]) => [`d/${path}`, sha256(text)]);
          assert.deepEqual(
            new Map(listed.map(([path, node]) => [path, node.sha256])),
            new Map(put as [string, string][]),
          );
        }
      }),
      {
        numRuns: 15,
        examples: [
          [{ "-n": "a", 'it\'s "$HOME"': "b", "back\\slash\\n": "c", "\u2028": "d", "*": "e" }],
        ],
      },
    );
  });

  test("modes, links and names with control characters are told", () => {
    const root = join(folder, "odd");
    put(root, `${digest}/plain`, "x");
    chmodSync(join(root, "files", digest, "plain"), 0o4750);
    symlinkSync("/etc/passwd", join(root, "files", digest, "link"));
    put(root, `${digest}/line\nend`, "x");
    put(root, "cd\nsums/x", "x");
    mkdirSync(join(root, "files", "empty"));
    for (const trees of asked(root)) {
      assert.deepEqual(new Set(trees.keys()), new Set([digest, "empty"]));
      const { nodes, odd } = trees.get(digest)!;
      assert.equal(odd, true);
      assert.equal(nodes.get("plain")?.mode, "4750");
      assert.equal(nodes.get("link")?.type, "other");
      assert.equal(nodes.get("")?.owner, `${process.getuid?.()}:${process.getgid?.()}`);
      assert.equal(trees.get("empty")?.odd, false);
    }
  });

  test("names go over to another address, in place and nothing else", () => {
    const root = join(folder, "follow-root");
    mkdirSync(root);
    const text = "127.0.0.1 localhost\n172.18.64.1 a b\n172.18.64.11 c\n172.18.64.2 a-2 \\x *\n";
    const [step] = takeNames(
      { bridge: "172.18.70.9" },
      [at("172.18.64.1"), at("172.18.64.2")],
      root,
    );
    assert.ok(step?.do === "run");
    for (const shell of shells()) {
      for (const name of ["hosts", "hosts.shop"]) writeFileSync(join(root, name), text);
      writeFileSync(join(root, "inventory.json"), text);
      const inode = statSync(join(root, "hosts.shop")).ino;
      ask({ ask: "run", argv: step.argv }, shell);
      const read = (name: string): string => readFileSync(join(root, name), "utf8");
      const moved = "127.0.0.1 localhost\n172.18.70.9 a b\n172.18.64.11 c\n172.18.70.9 a-2 \\x *\n";
      assert.deepEqual([read("hosts"), read("hosts.shop")], [moved, moved], shell.name);
      assert.equal(read("inventory.json"), text);
      assert.equal(statSync(join(root, "hosts.shop")).ino, inode);
      assert.deepEqual(readdirSync(root).toSorted(), ["hosts", "hosts.shop", "inventory.json"]);
    }
  });

  test("certificates are told, and no line of a key however their files look", () => {
    const root = join(folder, "certificates-root");
    const made = selfSigned(["a.example"], { now: () => Date.UTC(2026, 0) });
    const { certificatePem } = made;
    const keyPem = made.keyPem.revealText() ?? "";
    const cutShort = certificatePem.slice(0, -30);
    const files: Readonly<Record<string, string>> = {
      "certs/a.example.pem": certifiedText("https://ca.example/dir", certificatePem, keyPem),
      "certs/_.b.example.pem": `${keyPem}${certificatePem}`,
      "certs/c.example.pem": `${cutShort}\n${keyPem}`,
      "certs/d.example.pem": "",
      "certs/e.example.pem": `\\n%s\r\n${certificatePem.replaceAll("\n", "\r\n")}${keyPem}`,
      "certs/Not ours.pem": certificatePem,
      "certs/f.example.key": keyPem,
      "certs.next/a.example.pem": certificatePem,
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, "proxy", path)), { recursive: true });
      writeFileSync(join(root, "proxy", path), text, { mode: 0o640 });
    }
    symlinkSync("a.example.pem", join(root, "proxy/certs/link.example.pem"));
    const query = certificatesQuery(root);
    const keyLines = keyPem.split("\n").filter((line) => /^[A-Za-z0-9+/=]+$/.test(line));
    assert.ok(keyLines.length > 1);
    for (const shell of shells()) {
      const text = ask(query, shell);
      for (const line of [...keyLines, "PRIVATE"]) assert.ok(!text.includes(line), shell.name);
      const found = readCertificates(text);
      assert.deepEqual(
        [...found].map(([host, { file, prepared }]) => [
          host,
          file?.certificate?.hosts[0],
          file?.from,
          prepared?.certificate?.hosts[0],
        ]),
        [
          ["*.b.example", undefined, undefined, undefined],
          ["a.example", "a.example", "https://ca.example/dir", "a.example"],
          ["c.example", undefined, undefined, undefined],
          ["d.example", undefined, undefined, undefined],
          ["e.example", "a.example", undefined, undefined],
        ],
        shell.name,
      );
      assert.equal(found.get("a.example")?.file?.sum, sha256(files["certs/a.example.pem"] ?? ""));
      assert.match(found.get("a.example")?.file?.rights ?? "", /^0640 \d+:\d+$/);
    }
    assert.deepEqual(certificate.observe({ fleet: "acme", root }), [query]);
  });

  const config = [
    "global",
    "  server i1a not in a backend",
    "backend shop.local from http",
    "  default-server cookie i1",
    "  server i1a 172.18.0.5:8080",
    "  server i1b 0.0.0.0:1 disabled",
    "  server r1 10.0.0.2:8080 backup",
    "backend shop from http",
    "  server i1a 172.18.0.5:8080",
    "backend shop:ssh.local from tcp",
    "  server i1a 172.18.0.5:22",
    "",
  ].join("\n");
  const proxyFiles = {
    "check-paths.map":
      "shop.local/i1a /up\nshop.local/i1b /old\nshop:ssh.local/i1a /up\nshop:ssh.local/i2a /up\n",
    "haproxy.cfg": config,
    "hosts.map": "a a/\n",
    "page-503.http": "",
  };

  /** A proxy's folder on disk and as the simulator has it. */
  const proxyAt = (root: string): SimDisk => {
    const disk = new SimDisk();
    for (const [name, text] of Object.entries(proxyFiles)) {
      mkdirSync(join(root, "proxy"), { recursive: true });
      writeFileSync(join(root, "proxy", name), text);
      disk.write(`${root}/proxy/${name}`, text);
    }
    for (const name of ["x.partial", "Not ours"]) writeFileSync(join(root, "proxy", name), "x");
    return disk;
  };

  test("settings of the kernel are told by their files", () => {
    const about = { fleet: "acme", root: folder };
    const named = new Map([
      ["machine/sysctl", ["vm.swappiness", "net.ipv4.conf.lo.rp_filter", "no.such/thing"]],
    ]);
    const query = sysctl.observe({ ...about, named })[0];
    assert.equal(query?.ask, "run");
    const value = (path: string): string => readFileSync(`/proc/sys/${path}`, "utf8").trim();
    const expected = ["vm/swappiness", "net/ipv4/conf/lo/rp_filter"].map(
      (path) => `/proc/sys/${path}:${value(path)}\n`,
    );
    for (const shell of shells())
      assert.equal(ask(query, shell), `${expected.join("")}end\n`, shell.name);
  });
  test("a proxy's files are told by their sums, and its servers by their lines", () => {
    for (const shell of shells()) {
      const root = join(folder, `proxy-${shell.name}`);
      const disk = proxyAt(root);
      const said = ask(proxyFilesQuery(root), shell);
      assert.equal(said, proxySums(disk, root), shell.name);
      assert.match(said, /^server shop:ssh\.local\/i1a 172\.18\.0\.5:22$/m);
    }
  });

  test("lines of a proxy's servers are changed in their own backends alone, by each awk", () => {
    const ways = shells().flatMap((shell) => awks().map((awk) => ({ shell, awk })));
    for (const [index, { shell, awk }] of ways.entries()) {
      const root = join(folder, `rewritten-${index}`);
      const disk = proxyAt(root);
      const words = [
        ["shop.local", "i1b", "172.18.0.6:8080 weight 20", "/healthy"],
        ["shop.local", "i1a", "172.18.0.5:8080 weight 80", ""],
        ["shop:ssh.local", "i1a", "0.0.0.0:1 disabled", "none"],
        ["gone", "i1a", "0.0.0.0:1 disabled", "none"],
      ].flat();
      const proxy = join(root, "proxy");
      const argv = ["sh", "-c", rewriteScript, "sh", proxy, ...words];
      ask({ ask: "run", argv }, { ...shell, path: withAwk(shell.path, awk) });
      rewriteServers(disk, [proxy, ...words]);
      for (const name of ["haproxy.cfg", "check-paths.map"]) {
        const file = join(proxy, name);
        assert.equal(readFileSync(file, "utf8"), disk.read(file), `${shell.name}, ${awk}`);
        assert.equal(statSync(file).mode & 0o777, 0o600);
      }
      assert.equal(
        disk.read(join(proxy, "check-paths.map")),
        "shop.local/i1a /up\nshop.local/i1b /healthy\nshop:ssh.local/i2a /up\n",
      );
      assert.deepEqual(readdirSync(proxy).toSorted(), [
        "Not ours",
        ...Object.keys(proxyFiles),
        "x.partial",
      ]);
    }
  });

  test("sums of names files are told, and nothing else's", () => {
    const root = join(folder, "hosts-root");
    mkdirSync(root);
    for (const name of ["hosts", "hosts.shop", "hosts.a b", "hostsx", "history.jsonl"])
      writeFileSync(join(root, name), name);
    const about = { fleet: "acme", root };
    const query = names.observe(about).find((q) => q.ask === "run");
    assert.ok(query !== undefined);
    for (const shell of shells()) {
      const state = names
        .read(
          {
            text: (q) => (q.ask === "run" ? ask(q, shell) : ""),
            names: () => [],
            json: () => [],
            each: () => [],
          },
          about,
        )
        .get("");
      assert.deepEqual(state?.files, {
        hosts: sha256("hosts"),
        "hosts.shop": sha256("hosts.shop"),
      });
    }
  });

  test("a names file that is replaced goes on being written by its second link while somebody reads it", () => {
    for (const shell of shells()) {
      const root = join(folder, `linked-${shell.name}`);
      mkdirSync(root);
      const linking = (name: string): void =>
        void ask({ ask: "run", argv: linkFiles(root, [name]).argv }, shell);
      const found = () => readFiles(ask(filesQuery(root), shell));
      const path = join(root, "hosts");
      for (const name of ["hosts", "hosts.shop"]) writeFileSync(join(root, name), "a");
      assert.deepEqual(found().links, []);
      linking("hosts");
      linking("hosts.shop");
      linking("hosts");
      const links = found().links;
      const nowOf = (name: string): string => `inodes/${name}.${statSync(join(root, name)).ino}`;
      assert.deepEqual(links, [
        { path: nowOf("hosts"), of: "hosts" },
        { path: nowOf("hosts.shop"), of: "hosts.shop" },
      ]);
      const before = nowOf("hosts");
      writeFileSync(join(root, "new"), "b");
      renameSync(join(root, "new"), path);
      const replaced = { path: before, of: "hosts", sum: sha256("a") };
      assert.deepEqual(found().links, [replaced, links[1]]);
      rmSync(path);
      assert.deepEqual(found(), {
        files: { "hosts.shop": sha256("a") },
        links: [replaced, links[1]],
      });
      writeFileSync(path, "c");
      // Nobody reads the one before any more.
      linking("hosts");
      assert.deepEqual(found().links, [{ path: nowOf("hosts"), of: "hosts" }, links[1]]);
    }
  });

  test("what a running container reads is replaced under it, and comes back", () => {
    const texts = fc.dictionary(fileName, fc.string({ maxLength: 5 }), { maxKeys: 4 });
    const tree = fc.record({ file: fc.string({ maxLength: 9 }), plain: texts, below: texts });
    let count = 0;
    fc.assert(
      fc.property(tree, tree, fc.boolean(), fc.boolean(), (one, two, isReplaced, isCut) => {
        for (const shell of shells()) {
          const root = join(folder, `replaced-${++count}`);
          const made = (name: string, { file, plain, below }: typeof one): readonly string[] => {
            put(root, `${name}0`, file);
            chmodSync(join(root, "files", `${name}0`), file.length % 2 === 0 ? 0o400 : 0o644);
            mkdirSync(join(root, "files", `${name}1`));
            for (const [path, text] of Object.entries(plain)) put(root, `${name}1/${path}`, text);
            for (const [path, text] of Object.entries(below))
              if (plain["d"] === undefined) put(root, `${name}1/d/${path}`, text);
            return [`${name}0`, `${name}1`].map((part) => join(root, "files", part));
          };
          const [first, second] = [made("a", one), made("b", two)];
          const live = join(root, "files", "c.live");
          const run = ({ argv }: RunStep): void => void ask({ ask: "run", argv }, shell);
          const listed = () => {
            const trees = parseTrees(ask(treesQuery(root), shell));
            const nodes = [...(trees.get("c.live")?.nodes ?? [])];
            return new Map(nodes.filter(([path]) => !/^(?:\.\d+)?$/.test(path)));
          };
          const as = (name: string) => {
            const trees = parseTrees(ask(treesQuery(root), shell));
            return ["0", "1"].flatMap((part) =>
              [...trees.get(`${name}${part}`)!.nodes].map(
                ([path, node]) => [path === "" ? part : `${part}/${path}`, node] as const,
              ),
            );
          };
          run(layAnew(live, first));
          assert.deepEqual(listed(), new Map(as("a")), shell.name);
          const seen = openSync(join(live, "0"), "r");
          const inodeOf = (path: string): number => statSync(join(live, path)).ino;
          const folderInode = inodeOf("1");
          if (isReplaced) {
            put(root, "hand", "by hand");
            renameSync(join(root, "files", "hand"), join(live, "0"));
          }
          run(keepFormer(live));
          if (isCut) {
            writeFileSync(join(live, "0"), "half");
            run(keepFormer(live));
          }
          run(replace(live, second));
          assert.deepEqual(listed(), new Map(as("b")), shell.name);
          assert.equal(readFileSync(seen, "utf8"), two.file, "whoever reads it sees it");
          assert.equal(inodeOf("1"), folderInode);
          run(restoreFormer(live, 2));
          if (!isReplaced) assert.deepEqual(listed(), new Map(as("a")), shell.name);
          closeSync(seen);
          run(dropFormer(live));
          run(dropFormer(live));
          assert.deepEqual(
            readdirSync(join(root, "files")).filter((name) => name.startsWith("c.live")),
            ["c.live"],
          );
        }
      }),
      { numRuns: 4 },
    );
  });
});
