import type { Layout } from "../layout.ts";
import { answerCode, answerPage, pageType, type AnswerName } from "../pages.ts";
import { cookieName } from "./backends.ts";
import { poolHeader, type ProxySite } from "./site.ts";

/** The frontends for requests from outside, and the tables in which they count. */
export function routesText({ routes, ratePeriodsMs }: Layout, site: ProxySite): string {
  if (routes === "none") return "";
  const rules = rulesText(ratePeriodsMs, site);
  const http = frontend("in.http", publicBinds(site.httpPort, ""), rules);
  const tls = ` ssl strict-sni crt-list ${site.etc}/crt-list alpn h2,http/1.1`;
  const https = frontend("in.https", publicBinds(site.httpsPort, tls), rules);
  const tables = ratePeriodsMs.map(tableText).join("");
  return `${tables}${http}${routes === "https" ? https : ""}`;
}

const frontend = (name: string, binds: string, rules: string): string => `
frontend ${name} from http
${binds}
${rules}`;

/** Each version of IP by itself: clients have no mapped addresses, and a machine may have only the one. */
const publicBinds = (port: number, options: string): string => `\
  bind 0.0.0.0:${port}${options}
  .if !defined(SLIPWAY_NO_IPV6)
  bind [::]:${port} v6only${options}
  .endif`;

const tableText = (perMs: number): string => `
backend ${tableOf(perMs)} from http
  stick-table type string len 64 size 100k expire ${perMs}ms store http_req_rate(${perMs}ms)
`;

/** No app has a `.` in its name. */
const tableOf = (perMs: number): string => `rate.${perMs}`;

const rulesText = (periods: readonly number[], site: ProxySite): string =>
  [
    clientText(site),
    challengeText(site),
    lookupText(site),
    redirectText(site),
    rateText(periods, site),
    bodyText(site),
    handText(site),
  ].join("\n");

/** What a client says of itself counts only where a load balancer in front said it. */
const clientText = ({ etc }: ProxySite): string => `\
  acl is-trusted src,map_ip(${etc}/trust.map) -m found
  http-request set-var(txn.client) src
${[-1, -2, -3]
  .map(
    (at) =>
      `  http-request set-var(txn.client) req.hdr_ip(x-forwarded-for,${at}) if { var(txn.client),map_ip(${etc}/trust.map) -m found } { req.hdr_ip(x-forwarded-for,${at}) -m found }`,
  )
  .join("\n")}
  http-request set-var(txn.scheme) str(http)
  http-request set-var(txn.scheme) str(https) if { ssl_fc }
  http-request set-var(txn.scheme) req.hdr(x-forwarded-proto),lower if is-trusted { req.hdr(x-forwarded-proto) -i -m str http https }
  http-request del-header x-forwarded- -m beg unless is-trusted
  http-request del-header forwarded unless is-trusted
  http-request del-header x-real-ip unless is-trusted
  http-request set-header X-Forwarded-For "%[req.fhdr(x-forwarded-for)], %[src]" if { req.fhdr(x-forwarded-for) -m found }
  http-request set-header X-Forwarded-For %[src] unless { req.fhdr(x-forwarded-for) -m found }
  http-request set-header X-Forwarded-Proto %[var(txn.scheme)]
  http-request set-header X-Forwarded-Host %[req.hdr(host)] unless { req.hdr(x-forwarded-host) -m found }
  http-after-response replace-header Set-Cookie '^(${cookieName}(-local)?=.*)$' '\\1; Secure' if { var(txn.scheme) -m str https }`;

const challengeText = ({ etc }: ProxySite): string => `\
  acl is-challenge path_beg /.well-known/acme-challenge/
  http-request set-var(txn.challenge) path,field(4,/),map_str(${etc}/acme.map) if is-challenge
  http-request return status 200 content-type text/plain lf-string %[var(txn.challenge)] if is-challenge { var(txn.challenge) -m found }
  http-request return status 404 content-type text/plain string "no such challenge" if is-challenge`;

/** `*.example.com` stands for so many labels below it. */
const wildcardLabels = [1, 2, 3, 4, 5];

const lookupText = (site: ProxySite): string => `\
  http-request set-var(txn.host) req.hdr(host),field(1,:),lower,rtrim(.)
  http-request set-var(txn.path) path
  http-request set-var(txn.route) var(txn.host),concat(,txn.path,/),map_beg(${site.etc}/hosts.map)
${wildcardLabels
  .map(
    (labels) =>
      `  http-request set-var(txn.route) 'var(txn.host),regsub("^([^.]+[.]){${labels - 1}}[^.]+","*"),concat(,txn.path,/),map_beg(${site.etc}/hosts.map)' unless { var(txn.route) -m found }`,
  )
  .join("\n")}
${answer("unknown", site)} unless { var(txn.route) -m found }`;

const redirectText = (site: ProxySite): string => `\
  acl is-read method GET HEAD
  http-request set-var(txn.redirect) ${ofRoute("redirects.map", site)}
  acl is-redirect var(txn.redirect) -m found
  http-request redirect location %[var(txn.redirect)]%[pathq] code 301 if is-redirect is-read
  http-request redirect location %[var(txn.redirect)]%[pathq] code 308 if is-redirect
  acl is-plain var(txn.scheme) -m str http
  acl is-tls-route ${ofRoute("tls.map", site)} -m found
  http-request redirect location https://%[var(txn.host)]%[pathq] code 301 if is-plain is-tls-route is-read
  http-request redirect location https://%[var(txn.host)]%[pathq] code 308 if is-plain is-tls-route
${answer("maintenance", site, "hdr Retry-After 120")} if { ${ofRoute("maintenance.map", site)} -m found }`;

/** So many requests within a period for each address, or network of IPv6, and route. */
const rateText = (periods: readonly number[], site: ProxySite): string => `\
  http-request set-var(txn.rate) ${ofRoute("rates.map", site)}
  acl is-rated var(txn.rate) -m found
  http-request set-var(txn.most) var(txn.rate),field(1,/),add(0) if is-rated
  http-request set-var(txn.period) var(txn.rate),field(2,/),add(0) if is-rated
  http-request set-var(txn.number) var(txn.route),xxh64 if is-rated
  http-request set-var(txn.counted) var(txn.client),ipmask(32,64),concat(/,txn.number) if is-rated
${periods
  .map(
    (period) =>
      `  http-request track-sc0 var(txn.counted) table ${tableOf(period)} if is-rated { var(txn.period) -m int ${period} }`,
  )
  .join("\n")}
${answer("often", site, "hdr Retry-After %[var(txn.period),add(999),div(1000)]")} if is-rated { sc_http_req_rate(0),sub(txn.most) gt 0 }`;

/**
 * A body that does not say its length is waited for as far as it fits into the buffer. What is longer than that could
 * only be counted after it was handed on, and is not taken.
 */
const bodyText = (site: ProxySite): string => `\
  http-request set-var(txn.largest) ${numberOf("bodies.map", site)}
  acl is-bounded var(txn.largest) -m found
  acl is-sized req.hdr(content-length) -m found
  acl is-get method GET
  acl has-upgrade req.hdr(upgrade) -m found
${answer("large", site)} if is-bounded { req.hdr(content-length),sub(txn.largest) gt 0 }
  http-request wait-for-body time 10s if is-bounded !is-sized !is-get
  http-request wait-for-body time 10s if is-bounded !is-sized !has-upgrade
${answer("large", site)} if is-bounded !is-sized { req.body_len,sub(txn.largest) gt 0 }
  http-request set-var(txn.buffered) req.body_len if is-bounded !is-sized
${answer("unsized", site)} if is-bounded !is-sized { req.hdrs,length,add(txn.buffered) gt 8192 } { var(txn.buffered) -m int gt 0 }`;

/** To the backend, with the path that the app expects. */
const handText = (site: ProxySite): string => `\
  http-request set-var(txn.timeout) ${numberOf("timeouts.map", site)}
  http-request set-var(txn.sticky) ${ofRoute("sticky.map", site)}
  http-request set-var(txn.pool) ${ofRoute("routes.map", site)}
  http-request set-header ${poolHeader} %[var(txn.pool)]
  http-request set-var(txn.strip) ${ofRoute("strips.map", site)}
  acl is-stripped var(txn.strip) -m found
  http-request set-var(txn.left) 'var(txn.strip),concat(|,txn.path),regsub("^([^|]*)[|]\\1","")' if is-stripped
  http-request set-header X-Forwarded-Prefix %[var(txn.strip)] if is-stripped
  http-request set-path %[var(txn.left)] if is-stripped { var(txn.left) -m beg / }
  http-request set-path / if is-stripped !{ var(txn.left) -m beg / }
  use_backend %[var(txn.pool),map_str(${site.etc}/pools.map)]
`;

const ofRoute = (map: string, { etc }: ProxySite): string =>
  `var(txn.route),map_str(${etc}/${map})`;

const numberOf = (map: string, { etc }: ProxySite): string =>
  `var(txn.route),map_str_int(${etc}/${map})`;

const answer = (name: AnswerName, { etc }: ProxySite, header = ""): string =>
  `  http-request return status ${answerCode(name)} content-type "${pageType}" file ${etc}/${answerPage(name)} hdr Cache-Control no-store${header === "" ? "" : ` ${header}`}`;
