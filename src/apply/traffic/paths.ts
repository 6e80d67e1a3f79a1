import { escaped } from "../../lib/haproxy.ts";
import { mapFile } from "./runtime.ts";

/** By server: where the proxy asks for its health. */
const file = "check-paths.map";

/** Who is asked at that path from now on, or at none. What is not there is not missed. */
export function pathCommands(
  { backend, slot }: { readonly backend: string; readonly slot: string },
  path?: string,
): readonly string[] {
  const key = `${mapFile(file)} ${backend}/${slot}`;
  return [`del map ${key}`, ...(path === undefined ? [] : [`add map ${key} ${escaped(path)}`])];
}
