import { sha256, type SimDisk } from "./disk.ts";

/** What the sums of a proxy's files prints. */
export function proxySums(disk: SimDisk, root: string): string {
  const folder = `${root}/proxy`;
  const files = disk
    .below(folder)
    .filter((path) => disk.read(path) !== undefined)
    .map((path) => path.slice(folder.length + 1))
    .filter((name) => /^[a-z0-9.-]+$/.test(name) && !name.endsWith(".partial"))
    .toSorted();
  const config = disk.read(`${folder}/haproxy.cfg`);
  const sums = files
    .filter((name) => name !== "haproxy.cfg")
    .map((name) => `file ${name} ${sha256(disk.read(`${folder}/${name}`) ?? "")}  -`);
  if (config === undefined) return [...sums, "end", ""].join("\n");
  let backend = "";
  const servers: string[] = [];
  const others: string[] = [];
  for (const line of config.replace(/\n$/, "").split("\n")) {
    backend = /^backend (\S+)/.exec(line)?.[1] ?? backend;
    if (/^ {2}server [ir]\d/.test(line))
      servers.push(line.replace(/^ {2}server /, `server ${backend}/`));
    else others.push(line);
  }
  const sum = sha256(`${others.join("\n")}\n`);
  return [...sums, `file haproxy.cfg ${sum}  -`, ...servers, "end", ""].join("\n");
}
