import type { ProxySpec } from "../spec.ts";
import { errorCodes, errorPage } from "../pages.ts";
import { longPause, usualPause, type ProxySite } from "./site.ts";

export const headText = ({ fleet }: ProxySpec): string => `\
# The proxy of fleet ${fleet} on this machine. Written by Slipway, which restores what is changed here.
#
# Requests from outside come in by in.http and in.https, which look up in maps (files beside this one):
#   hosts.map    host and path, the longest first, then *.host    -> route
#   routes.map   route -> pool (a port of an app); other maps: what else the route wants
#   pools.map    pool -> backend; pool~ -> its half with what is on this machine only
# Requests of the fleet come in by listen.PORT, which look up in names.map, and stay on this machine.
#
# A pool of HTTP has two backends: NAME.local has its instances on this machine and checks them, NAME has the same and,
# as backup, the proxies of other machines (r1, r2, ...). An instance has two slots, i1a and i1b: one serves, the other
# is for its successor. Slots that are not in use are disabled. Backends called spare are for apps to come.
# Servers and maps are changed here and at runtime alike, so that nothing is ever reloaded.
`;

export const globalText = ({ etc, run }: ProxySite): string => `
global
  user haproxy
  group haproxy
  log stdout format raw daemon notice
  # Half of it is how many connections are served at once.
  fd-hard-limit 65536
  # One that has handed over its listeners stays so long for streams.
  hard-stop-after 1h
  stats socket ${run}/admin.sock mode 600 level admin expose-fd listeners
  stats timeout 2m
  ssl-default-bind-options ssl-min-ver TLSv1.2

http-errors slipway
${errorCodes.map((code) => `  errorfile ${code} ${etc}/${errorPage(code)}`).join("\n")}

defaults http
  mode http
  log global
  errorfiles slipway
  option http-no-delay
  option http-ignore-probes
  option abortonclose
  option idle-close-on-response
  # Whole headers within this: nobody holds a connection by sending them slowly.
  timeout http-request 15s
  timeout http-keep-alive 75s
  timeout connect 3s
  timeout queue 15s
  # Within a request's body, or while an answer is not taken.
  timeout client 5m
  timeout client-fin 30s
  # Until an answer begins, and while it pauses.
  timeout server ${usualPause}
  timeout tunnel ${longPause}
${keepAlive}
  # Nobody sees that an instance went: other methods are only repeated where no connection came about.
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response
  balance roundrobin
  # Idle connections to an app are gone in a second or two, before the app closes them just as a request is on its way.
  default-server pool-purge-delay 250ms

defaults tcp
  mode tcp
  log global
  # Connections of databases idle for hours.
  timeout connect 3s
  timeout client ${longPause}
  timeout server ${longPause}
  timeout client-fin 5m
  timeout server-fin 5m
${keepAlive}
  retries 3
  option redispatch 1
  balance leastconn
`;

const keepAlive = `\
  option clitcpka
  clitcpka-idle 60s
  clitcpka-intvl 15s
  clitcpka-cnt 4
  option srvtcpka
  srvtcpka-idle 60s
  srvtcpka-intvl 15s
  srvtcpka-cnt 4`;
