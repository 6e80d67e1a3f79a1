/** What the kernel keeps of each place where something is mounted, in the words of mountinfo. */
export type Flags = Readonly<
  Record<"write" | "suid" | "dev" | "exec" | "atime" | "diratime", string>
>;

const plain: Flags = {
  write: "rw",
  suid: "suid",
  dev: "dev",
  exec: "exec",
  atime: "relatime",
  diratime: "diratime",
};

const words: Readonly<Record<string, Partial<Flags>>> = {
  defaults: { write: "rw", suid: "suid", dev: "dev", exec: "exec" },
  rw: { write: "rw" },
  ro: { write: "ro" },
  suid: { suid: "suid" },
  nosuid: { suid: "nosuid" },
  dev: { dev: "dev" },
  nodev: { dev: "nodev" },
  exec: { exec: "exec" },
  noexec: { exec: "noexec" },
  relatime: { atime: "relatime" },
  atime: { atime: "relatime" },
  noatime: { atime: "noatime" },
  strictatime: { atime: "strictatime" },
  diratime: { diratime: "diratime" },
  nodiratime: { diratime: "nodiratime" },
  user: { suid: "nosuid", dev: "nodev", exec: "noexec" },
  users: { suid: "nosuid", dev: "nodev", exec: "noexec" },
  owner: { suid: "nosuid", dev: "nodev" },
  group: { suid: "nosuid", dev: "nodev" },
};

/** As in /etc/fstab: the last word counts. */
export const wantedFlags = (options: string): Flags =>
  options.split(",").reduce<Flags>((flags, word) => ({ ...flags, ...words[word] }), plain);

/** As mountinfo says: what is not said is not so. */
export const liveFlags = (options: string): Flags =>
  options.split(",").reduce<Flags>((flags, word) => ({ ...flags, ...words[word] }), {
    ...plain,
    atime: "strictatime",
  });

/** What of both differs: of each the words. */
export function differingFlags(
  want: Flags,
  have: Flags,
): { readonly declared: string; readonly live: string } | undefined {
  const names = (Object.keys(plain) as (keyof Flags)[]).filter((name) => want[name] !== have[name]);
  if (names.length === 0) return undefined;
  const said = (flags: Flags): string => names.map((name) => flags[name]).join(",");
  return { declared: said(want), live: said(have) };
}

/** What is mounted already takes over: each flag is named, as one that is not would stay. */
export const remountOptions = (options: string): string =>
  ["remount", options, ...Object.values(wantedFlags(options))].join(",");

/** What the filesystem itself was told before and cannot be told otherwise, as far as anybody knows. */
export const leftOptions = (former: string, options: string): readonly string[] => {
  const wanted = new Set(options.split(","));
  return former
    .split(",")
    .filter((word) => !wanted.has(word) && !Object.hasOwn(words, word) && word !== "nofail");
};
