import { join } from "node:path";
import { watch } from "chokidar";

const debounceMs = 50;

/**
 * Calls back when a branch moved. The watch is only a hint to look again: `look` says where the branch is now.
 * Refs are followed as files; a folder watched recursively by node goes deaf once git packs the refs.
 */
export async function watchBranch(
  gitdir: string,
  look: () => Promise<string | undefined>,
  onMove: () => void,
): Promise<{ close(): Promise<void> }> {
  let known = await look();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const wake = async (): Promise<void> => {
    // A ref that cannot be read just now is a reason to look too.
    const now = await look().catch(() => undefined);
    if (closed || (now !== undefined && now === known)) return;
    known = now;
    onMove();
  };
  const watcher = watch(
    [join(gitdir, "refs", "heads"), join(gitdir, "packed-refs"), join(gitdir, "HEAD")],
    {
      ignoreInitial: true,
      ignored: (path) => path.endsWith(".lock"),
    },
  );
  // Out of watches, for one: the poll still finds what moved.
  watcher.on("error", () => undefined);
  watcher.on("all", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void wake(), debounceMs);
  });
  await new Promise<void>((resolve) => void watcher.once("ready", resolve));
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
