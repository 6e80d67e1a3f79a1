import { createHash } from "node:crypto";
import type { Content, PutStep, RunStep } from "../../../src/model/step.ts";
import { tellSystemd } from "./jobs.ts";
import { rewriteServers } from "./proxy.ts";
import { tellKernel } from "./settings.ts";

export interface Node {
  type: "file" | "folder";
  mode: number;
  owner: string;
  content: string;
  /** Links to one file have the same. */
  inode: number;
}

/** A machine's files, as far as steps touch them. */
export class SimDisk {
  readonly nodes = new Map<string, Node>();
  private lastInode = 0;

  /** Puts a new file there, as a rename does. */
  write(path: string, content: string, mode = 0o644, owner = "0:0"): void {
    this.makeFolder(path.slice(0, path.lastIndexOf("/")));
    this.nodes.set(path, { type: "file", mode, owner, content, inode: ++this.lastInode });
  }

  /** Writes into the file that is there: all that have it see the change. */
  rewrite(path: string, content: string, mode = 0o644, owner = "0:0"): void {
    const node = this.nodes.get(path);
    if (node?.type === "file") Object.assign(node, { content, mode, owner });
    else this.write(path, content, mode, owner);
  }

  makeFolder(path: string, mode = 0o755, owner = "0:0"): void {
    const parts = path.split("/").slice(1);
    for (const index of parts.keys()) {
      const folder = `/${parts.slice(0, index + 1).join("/")}`;
      if (!this.nodes.has(folder))
        this.nodes.set(folder, {
          type: "folder",
          mode,
          owner,
          content: "",
          inode: ++this.lastInode,
        });
    }
  }

  read(path: string): string | undefined {
    const node = this.nodes.get(path);
    return node?.type === "file" ? node.content : undefined;
  }

  exists(path: string): boolean {
    return this.nodes.has(path);
  }

  remove(path: string): void {
    for (const key of this.below(path)) this.nodes.delete(key);
  }

  below(path: string): readonly string[] {
    return [...this.nodes.keys()].filter((key) => key === path || key.startsWith(`${path}/`));
  }

  put(step: PutStep, textOf: (content: Content) => string): void {
    const mode = Number.parseInt(step.mode, 8);
    const owner = step.owner ?? "0:0";
    if (step.content !== undefined) {
      if (this.nodes.get(step.path)?.type === "folder") throw new Error(`${step.path} is a folder`);
      const text = textOf(step.content);
      if (step.inPlace === true) this.rewrite(step.path, text, mode, owner);
      else this.write(step.path, text, mode, owner);
      return;
    }
    this.remove(step.path);
    this.makeFolder(step.path, mode, owner);
    for (const entry of step.entries ?? []) {
      const path = `${step.path}/${entry.path}`;
      this.makeFolder(path.slice(0, path.lastIndexOf("/")), mode, owner);
      this.write(path, textOf(entry.content), Number.parseInt(entry.mode, 8), owner);
    }
  }

  /** The few commands that steps run. */
  run({ argv }: Pick<RunStep, "argv">): void {
    const [command, ...rest] = argv;
    const paths = rest.slice(rest.indexOf("--") + 1);
    if (command === "chmod")
      for (const path of paths) this.change(path, { mode: Number.parseInt(rest[0] ?? "", 8) });
    else if (command === "chown")
      for (const path of paths) this.change(path, { owner: rest[0] ?? "" });
    else if (command === "sh" && (rest[1] ?? "").includes("live=$1")) {
      const [live = "", ...others] = rest.slice(3);
      if ((rest[1] ?? "").includes("former=$2")) this.layAnew(live, others);
      else this.replace(live, others);
    } else if (command === "sh" && /"\$[12]\.partial"/.test(rest[1] ?? "")) {
      const [first = "", second] = rest.slice(3);
      if (second === undefined) this.remove(first);
      else if (this.exists(first) && !this.exists(second)) this.copy(first, second);
    } else if (command === "sh" && (rest[1] ?? "").includes('"$@" -- "$file" "$to/"')) {
      const [from = "", to = "", how = ""] = rest.slice(3);
      this.filesInto(from, to, how);
    } else if (command === "sh" && (rest[1] ?? "").includes("ln -f")) {
      const [root = "", ...names] = rest.slice(3);
      for (const name of names) this.link(root, name);
    } else if (command === "sh" && (rest[1] ?? "").includes("mkdir -p")) {
      for (const path of rest.slice(3)) if (!this.exists(path)) this.makeFolder(path);
    } else if (command === "sh" && (rest[1] ?? "").includes("servers.partial")) {
      rewriteServers(this, rest.slice(3));
    } else if (command === "sh" && (rest[1] ?? "").includes("flock 9")) {
      const [root = "", address = "", ...former] = rest.slice(3);
      this.moveNames(root, address, former);
    } else if (command === "sh" && tellSystemd(this, rest[1] ?? "", rest.slice(3)) === true) {
      return;
    } else if (command === "sh" && tellKernel(this, rest[1] ?? "", rest.slice(3)) === true) {
      return;
    } else if (command === "rm" && /^-r?f$/.test(rest[0] ?? ""))
      for (const path of paths) this.remove(path);
    else if (command === "mkdir") for (const path of paths) this.makeFolder(path);
    else if (command === "mv" && rest[0] === "-T") this.move(paths[0] ?? "", paths[1] ?? "");
    else throw new Error(`the simulator does not know ${argv.join(" ")}`);
  }

  /** Files of a folder, not what is in folders below it. */
  private filesInto(from: string, to: string, how: string): void {
    this.makeFolder(to, 0o700);
    for (const path of this.below(from)) {
      const node = this.nodes.get(path);
      const name = path.slice(from.length + 1);
      if (node?.type !== "file" || name.includes("/")) continue;
      this.write(`${to}/${name}`, node.content, node.mode, node.owner);
      if (how === "mv") this.nodes.delete(path);
    }
  }

  private move(from: string, to: string): void {
    for (const path of this.below(from)) {
      const node = this.nodes.get(path);
      this.nodes.delete(path);
      if (node !== undefined) this.nodes.set(to + path.slice(from.length), node);
    }
  }

  private copy(from: string, to: string): void {
    for (const path of this.below(from)) {
      const node = this.nodes.get(path);
      if (node !== undefined)
        this.nodes.set(to + path.slice(from.length), { ...node, inode: ++this.lastInode });
    }
  }

  private layAnew(live: string, [former = "", ...sources]: readonly string[]): void {
    for (const path of [live, former]) this.remove(path);
    this.makeFolder(live, 0o700);
    for (const [number, source] of sources.entries()) {
      if (!this.exists(source)) throw new Error(`${source} is not there`);
      this.copy(source, `${live}/${number}`);
      const node = this.nodes.get(`${live}/${number}`);
      if (node?.type === "file") this.nodes.set(`${live}/.${number}`, node);
    }
  }

  /** Files stay the same for who has them. */
  private replace(live: string, sources: readonly string[]): void {
    this.makeFolder(live, 0o700);
    const missing = sources.find((source) => !this.exists(source));
    if (missing !== undefined) throw new Error(`${missing} is not there`);
    for (const [number, source] of sources.entries()) {
      const [place, link] = [`${live}/${number}`, `${live}/.${number}`];
      const { type, content, mode, owner } = this.nodes.get(source)!;
      if (type === "folder") {
        this.remove(place);
        this.copy(source, place);
        continue;
      }
      const known = [place, link].filter((path) => this.nodes.get(path)?.type === "file");
      for (const path of known) Object.assign(this.nodes.get(path)!, { content, mode, owner });
      if (known.length === 0) this.write(place, content, mode, owner);
      for (const path of [place, link])
        if (!known.includes(path)) {
          this.remove(path);
          this.nodes.set(path, this.nodes.get(known[0] ?? place)!);
        }
    }
  }

  /** Names of who served before go over to who serves now. */
  private moveNames(root: string, address: string, former: readonly string[]): void {
    for (const path of this.hostsFiles(root)) {
      const lines = (this.read(path) ?? "").split("\n").map((line) => {
        const [first = "", ...names] = line.split(" ");
        return [former.includes(first) ? address : first, ...names].join(" ");
      });
      this.rewrite(path, lines.join("\n"));
    }
  }

  /** A names file gets its second link; what stood there before may be read by somebody still. */
  private link(root: string, name: string): void {
    const node = this.nodes.get(`${root}/${name}`);
    if (node === undefined) throw new Error(`${root}/${name} is not there`);
    this.makeFolder(`${root}/inodes`);
    this.nodes.set(`${root}/inodes/${name}.${node.inode}`, node);
  }

  private change(path: string, members: Partial<Node>): void {
    const node = this.nodes.get(path);
    if (node === undefined) throw new Error(`${path} is not there`);
    Object.assign(node, members);
  }

  /** What the listing of shipped files prints. */
  listing(folder: string): string {
    if (!this.exists(folder)) return "end\n";
    const nodes = this.below(folder).filter((path) => path !== folder);
    const name = (path: string): string => `./${path.slice(folder.length + 1)}`;
    const lines = nodes.map((path) => {
      const { type, mode, owner } = this.nodes.get(path)!;
      return `${((type === "file" ? 0o100000 : 0o40000) | mode).toString(16)} ${owner} ${name(path)}`;
    });
    const sums = nodes
      .filter((path) => this.nodes.get(path)?.type === "file")
      .map((path) => `${sha256(this.read(path) ?? "")}  ${name(path)}`);
    return ["nodes", ...lines, "sums", ...sums, "end", ""].join("\n");
  }

  private hostsFiles(root: string): readonly string[] {
    const name = /^\/(?:inodes\/)?hosts(?:\.[a-z0-9.-]+)?$/;
    return this.below(root).filter((path) => name.test(path.slice(root.length)));
  }

  /** What the sums of names files prints. */
  hostsSums(root: string): string {
    const files = this.hostsFiles(root);
    const lines = files.map((path) => {
      const name = path.slice(root.length + 1);
      const place = `${root}/${name.replace(/^inodes\/(.*)\.\d+$/, "$1")}`;
      const isCurrent = path !== place && this.nodes.get(path) === this.nodes.get(place);
      return isCurrent ? `${name} =` : `${name} ${sha256(this.read(path) ?? "")}  -`;
    });
    return [...lines, "end", ""].join("\n");
  }
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
