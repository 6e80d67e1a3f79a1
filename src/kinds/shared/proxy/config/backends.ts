import type { Layout, LayoutBackend } from "../layout.ts";
import { byName, localOf, remoteSlot } from "../naming.ts";
import { slotName, type Slot } from "../slots.ts";
import { longPause, poolHeader, probePath, type ProxySite } from "./site.ts";

/** By which a client finds its instance again. */
export const cookieName = "slipway";

export const backendsText = (
  { backends }: Layout,
  slots: readonly Slot[],
  site: ProxySite,
): string => {
  const byBackend = Map.groupBy(slots, ({ backend }) => backend);
  return backends
    .toSorted(byName)
    .map((one) => {
      const local = byBackend.get(localOf(one.name)) ?? [];
      return one.profile.protocol === "tcp"
        ? tcpText(one, local)
        : `${localText(one, local, site)}${routeText(one, byBackend.get(one.name) ?? [], site)}`;
    })
    .join("");
};

const tcpText = (backend: LayoutBackend, slots: readonly Slot[]): string => `
backend ${localOf(backend.name)} from tcp
${checkText(backend)}
${slots.map(serverLine).join("\n")}
`;

/** Its instances on this machine, and how they do. */
const localText = (backend: LayoutBackend, slots: readonly Slot[], site: ProxySite): string => `
backend ${localOf(backend.name)} from http
${backend.profile.check === "path" ? pathCheckText(site) : ""}\
${checkText(backend)}
${requestText(`${cookieName}-local`)}
  # The proxy that asks for it knows how long it may take.
  http-request set-timeout server ${longPause} if { var(txn.asked) -m found }
${slots.map((slot) => `  default-server cookie ${slot.server.slice(0, -1)}\n${serverLine(slot)}`).join("\n")}
`;

/** The same, and who is asked while none of them answers. */
function routeText(backend: LayoutBackend, slots: readonly Slot[], site: ProxySite): string {
  const remote = Array.from({ length: backend.remotes }, (_, i) => remoteSlot(i + 1));
  const isRemote = ({ server }: Slot): boolean => remote.includes(server);
  return `
backend ${backend.name} from http
${backend.profile.gzip ? `${gzipText}\n` : ""}\
${requestText(cookieName)}
  option allbackups
  option httpchk
  http-check send meth GET uri ${probePath} ver HTTP/1.1 hdr Host slipway hdr ${poolHeader} %[be_name,map_str(${site.etc}/owners.map,-)]
  http-check expect status 200
  timeout check 3s
  default-server check inter 1s fastinter 250ms rise 2 fall 3 weight 100
${slots
  .filter(isRemote)
  .map((slot) => `  default-server cookie ${slot.server}\n${serverLine(slot)}`)
  .join("\n")}
  default-server no-check weight 100
${slots
  .filter((slot) => !isRemote(slot))
  .map(
    (slot) =>
      `  default-server cookie ${slot.server.slice(0, -1)} track ${slotName({ backend: localOf(backend.name), server: slot.server })}\n${serverLine(slot)}`,
  )
  .join("\n")}
`;
}

const pathCheckText = ({ etc }: ProxySite): string => `\
  option httpchk
  http-check set-var(check.server) srv_name
  http-check send meth GET uri-lf %[be_name,concat(/,check.server),map_str(${etc}/check-paths.map,/)] ver HTTP/1.1 hdr Host %[be_name,map_str(${etc}/check-hosts.map,localhost)]
  http-check expect status 200-399
`;

const checkText = ({ profile }: LayoutBackend): string => `\
  timeout check ${profile.timeoutMs}ms
  default-server check inter ${profile.intervalMs}ms fastinter ${Math.min(250, profile.intervalMs)}ms rise 2 fall 3 weight 100`;

const requestText = (cookie: string): string => `\
  cookie ${cookie} insert indirect nocache httponly
  ignore-persist unless { var(txn.sticky) -m found }
  http-request disable-l7-retry unless { method GET HEAD OPTIONS }
  http-request set-timeout server var(txn.timeout) if { var(txn.timeout) -m found }
  http-request set-timeout server ${longPause} if { req.hdr(accept) -m sub -i text/event-stream }`;

const gzipText = `\
  compression algo gzip
  compression type text/html text/plain text/css text/csv text/xml text/javascript text/markdown application/javascript application/json application/ld+json application/manifest+json application/xml application/xhtml+xml application/rss+xml application/atom+xml application/wasm image/svg+xml font/ttf font/otf`;

/** In exactly this form, as it is changed in place on the machine. */
export const serverLine = ({ server, address }: Omit<Slot, "backend">): string => {
  const backup = server.startsWith("r") ? " backup" : "";
  return address === undefined
    ? `  server ${server} 0.0.0.0:1 disabled${backup}`
    : `  server ${server} ${address}${backup}`;
};
