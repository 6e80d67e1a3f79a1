// Says by its exit code whether node_modules holds what package-lock.json asks for. Runs on Node.js 20, before
// anything is installed. npm writes its own lock file into node_modules last, so a broken installation has none.
import { readFileSync } from "node:fs";

const packagesOf = (path) =>
  JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8")).packages;

function isInstalled() {
  const wanted = packagesOf("package-lock.json");
  const there = packagesOf("node_modules/.package-lock.json");
  return Object.entries(wanted).every(
    ([path, { optional, integrity }]) =>
      path === "" || (there[path] === undefined ? optional : there[path].integrity === integrity),
  );
}

try {
  process.exitCode = isInstalled() ? 0 : 1;
} catch {
  process.exitCode = 1;
}
