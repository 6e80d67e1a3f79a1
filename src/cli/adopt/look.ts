import { engineMessage } from "../../lib/engine-message.ts";
import { ipVersion } from "../../lib/ip.ts";
import { isObject, textOfJson, type Json } from "../../lib/json.ts";
import { isMachineId } from "../../lib/machine-id.ts";
import { mapLimit } from "../../lib/parallel.ts";
import { printableLine } from "../../lib/text.ts";
import type { Found } from "../../adopt/found.ts";
import type { Session } from "../../remote/session.ts";
import { UserError } from "../trouble.ts";

/** What a server says of itself. */
export interface HostLook {
  readonly hostName: string;
  readonly machineId?: string;
  readonly addresses: readonly { readonly link: string; readonly address: string }[];
}

const script = `
uname -n
id=
[ ! -r /etc/machine-id ] || read -r id </etc/machine-id
echo "$id"
! command -v ip >/dev/null || ip -o addr show scope global | while read -r number link family address rest; do
  echo "$link \${address%%/*}"
done
echo end
`;

/** Rejects with RemoteError; throws UserError for what is no answer. */
export async function hostLook(session: Session): Promise<HostLook> {
  const argv = ["sh", "-c", script];
  const { code, stdout } = await session.exec({ argv, timeoutMs: 20_000, maxBytes: 262_144 });
  const [hostName = "", machineId = "", ...lines] = stdout.toString().trimEnd().split("\n");
  if (code !== 0 || lines.pop() !== "end")
    throw new UserError("refused", `it does not tell what it is: exit code ${code}`);
  return {
    hostName: printableLine(hostName).slice(0, 200),
    ...(isMachineId(machineId) ? { machineId } : {}),
    addresses: lines.flatMap((line) => {
      const [link = "", address = ""] = line.split(" ");
      return ipVersion(address) === undefined ? [] : [{ link, address }];
    }),
  };
}

const mostContainers = 1000;
const askMs = 30_000;

/** All containers that run there and are no fleet's, each with its image. Rejects with RemoteError; throws UserError. */
export async function containersOn(session: Session): Promise<readonly Found[]> {
  const all = await ask(session, "/containers/json");
  const listed = Array.isArray(all) ? all.filter(isObject) : [];
  const own = listed.filter((one) => !isLabelled(one) && one["State"] === "running");
  if (own.length > mostContainers)
    throw new UserError("refused", `more than ${mostContainers} containers run there`);
  const found = await mapLimit(own, 8, async (one): Promise<Found | undefined> => {
    const inspect = await ask(session, `/containers/${textOfJson(one["Id"])}/json`);
    if (!isObject(inspect)) return undefined;
    const image = await ask(session, `/images/${textOfJson(inspect["Image"])}/json`);
    return { inspect, image };
  });
  return found.filter((one) => one !== undefined);
}

const isLabelled = ({ Labels: labels }: { readonly [key: string]: Json }): boolean =>
  isObject(labels) && labels["slipway.fleet"] !== undefined;

/** Undefined for what has gone meanwhile. */
async function ask(session: Session, path: string): Promise<Json | undefined> {
  const { status, body } = await session.engine({ method: "GET", path, timeoutMs: askMs });
  if (status === 404) return undefined;
  if (status === 200) return body as Json;
  const said = engineMessage(body) ?? `status ${status}`;
  throw new UserError("refused", `its container engine says: ${printableLine(said).slice(0, 200)}`);
}
