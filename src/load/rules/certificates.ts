import { ipVersion } from "../../lib/ip.ts";
import type { FoundRoute } from "../routes.ts";
import { placeOf, type PlacedApp, type Rule } from "./repo.ts";

/** Who asks for a host gets one certificate, whatever the path. */
export const certificatesDiffer: Rule = ({ apps }, report) => {
  const first = new Map<string, { readonly certificate: string; readonly route: FoundRoute }>();
  for (const app of apps) {
    for (const route of app.routes) {
      const certificate = certificateOf(route, app);
      if (certificate === undefined) continue;
      const other = first.get(route.host);
      if (other === undefined) first.set(route.host, { certificate, route });
      else if (other.certificate !== certificate)
        report(
          "certificate-unclear",
          route.reading.at(["routes", route.index, "tls"]),
          `${route.host} has another certificate already (${placeOf(other.route.where)}); a host has one for all its paths`,
        );
    }
  }
};

/** What tells certificates apart; undefined where there is none, or it is not known which. */
function certificateOf(
  { tls, reading, index }: FoundRoute,
  { secrets }: PlacedApp,
): string | undefined {
  if (tls === "off" || !reading.knows(["routes", index, "tls"])) return undefined;
  if (tls === "auto") return tls;
  const [cert, key] = [secrets.get(tls.cert)?.id, secrets.get(tls.key)?.id];
  return cert === undefined || key === undefined ? undefined : `${cert} ${key}`;
}

/** Nobody issues a certificate for all names of a domain to who only answers on one of them. */
export const wildcardsCanBeProven: Rule = ({ apps, settings }, report) => {
  const { challenge = "http" } = settings.fields.certificates ?? {};
  if (challenge !== "http" || !settings.knows(["certificates", "challenge"])) return;
  for (const { routes } of apps) {
    for (const { host, tls, reading, index } of routes) {
      if (!host.startsWith("*.") || tls !== "auto" || !reading.knows(["routes", index, "tls"]))
        continue;
      report(
        "certificate-unclear",
        reading.at(["routes", index, "tls"]),
        `a certificate for ${host} is only issued to who can set records of DNS: certificates: { challenge: dns } in slipway.yaml; or give your own with tls: { cert, key }, or write tls: off`,
      );
    }
  }
};

export const trustedAreNetworks: Rule = ({ settings }, report) => {
  for (const [i, text] of (settings.fields.proxy?.trust ?? []).entries()) {
    const [address = "", bits] = text.split("/");
    const version = ipVersion(address);
    const most = version === 4 ? 32 : 128;
    if (version !== undefined && Number(bits) <= most) continue;
    const why = version === undefined ? "its address is none" : `it has more than ${most} bits`;
    report("bad-format", settings.at(["proxy", "trust", i]), `${text} is not a network: ${why}`);
  }
};
