import type { Layout, LayoutListen } from "../layout.ts";
import { addressText } from "../naming.ts";
import { poolHeader, probePath, type ProxySite } from "./site.ts";

/** The frontends for requests of the fleet: they use what is on this machine only, so that nothing goes round. */
export const listensText = ({ listens }: Layout, site: ProxySite): string =>
  listens
    .map((one) => (one.protocol === "tcp" ? tcpText(one, site) : httpText(one, site)))
    .join("");

const bindsOf = ({ addresses, port }: LayoutListen): string =>
  addresses.map((address) => `  bind ${addressText(address, port)}`).join("\n");

const tcpText = (listen: LayoutListen, { etc }: ProxySite): string => `
frontend listen.${listen.port} from tcp
${bindsOf(listen)}
  use_backend %[str(${listen.port}),map_str(${etc}/names.map),concat(~),map_str(${etc}/pools.map)]
`;

const httpText = (listen: LayoutListen, { etc }: ProxySite): string => `
frontend listen.${listen.port} from http
${bindsOf(listen)}
  acl is-peer src,map_ip(${etc}/peers.map) -m found
  acl is-trusted src,map_ip(${etc}/trust.map) -m found
  http-request del-header x-forwarded- -m beg if !is-peer !is-trusted
  http-request del-header forwarded if !is-peer !is-trusted
  http-request del-header x-real-ip if !is-peer !is-trusted
  http-request set-header X-Forwarded-For "%[req.fhdr(x-forwarded-for)], %[src]" if !is-peer { req.fhdr(x-forwarded-for) -m found }
  http-request set-header X-Forwarded-For %[src] unless { req.fhdr(x-forwarded-for) -m found }
  http-request set-header X-Forwarded-Proto http unless { req.hdr(x-forwarded-proto) -m found }
  http-request set-header X-Forwarded-Host %[req.hdr(host)] unless { req.hdr(x-forwarded-host) -m found }
  http-request set-var(txn.asked) req.hdr(${poolHeader}) if is-peer
  acl is-asked var(txn.asked) -m found
  http-request set-var(txn.host) req.hdr(host),field(1,:),lower,rtrim(.)
  http-request set-var(txn.pool) str(${listen.port}=),concat(,txn.asked),map_str(${etc}/names.map) if is-asked
  http-request set-var(txn.pool) str(${listen.port}/),concat(,txn.host),map_str(${etc}/names.map) if !is-asked
  http-request set-var(txn.pool) str(${listen.port}),map_str(${etc}/names.map) if !is-asked !{ var(txn.pool) -m found }
  http-request set-var(txn.backend) var(txn.pool),concat(~),map_str(${etc}/pools.map)
  http-request set-var(txn.sticky) str(=),concat(,txn.pool),map_str(${etc}/sticky.map) if is-asked
  http-request return status 200 content-type text/plain string up if is-asked { path ${probePath} } { var(txn.backend),nbsrv gt 0 }
  http-request deny deny_status 503 if is-asked { path ${probePath} }
  # Nobody else's answer for a pool that is not here.
  http-request deny deny_status 503 unless { var(txn.backend) -m found }
  http-request set-header ${poolHeader} %[var(txn.pool)]
  use_backend %[var(txn.backend)]
`;
