import type { CertificateSpec, CertificationSpec } from "../kinds/index.ts";
import { resourceAddress } from "../model/address.ts";
import type { Documents } from "../model/documents.ts";
import type { Authority } from "../model/issuer.ts";
import type { Resource } from "../model/resource.ts";
import type { Proxies, Routed } from "./proxies.ts";
import { textOf, type SecretDigests } from "./secrets.ts";

const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";

/** What a machine's proxy shows, and what an authority is asked for: of each host once, whatever its paths. */
export function certificatesOn(
  machine: string,
  proxies: Proxies,
  secrets: SecretDigests,
): readonly Resource[] {
  const hosts = new Map<string, Routed>();
  for (const routed of proxies.routed.get(machine) ?? []) {
    const { host, tls } = routed.route;
    if (tls !== "off" && !hosts.has(host)) hosts.set(host, routed);
  }
  return [...hosts].flatMap(([host, routed]) => {
    const { where, tls } = routed.route;
    const on = (kind: string, spec: CertificateSpec | CertificationSpec): Resource => ({
      address: resourceAddress(machine, kind, undefined, host),
      kind,
      machine,
      name: host,
      spec,
      where,
    });
    if (typeof tls === "object")
      return [on("machine/certificate", { host, given: givenOf(routed, tls, secrets) })];
    const machines = proxies.certified.get(host) ?? [];
    const authority = authorityOf(proxies.documents);
    return [
      on("machine/certificate", { host }),
      on("machine/certification", { host, authority, machines }),
    ];
  });
}

/** HAProxy reads both from one file. */
function givenOf(
  { app }: Routed,
  { cert, key }: { readonly cert: string; readonly key: string },
  secrets: SecretDigests,
): NonNullable<CertificateSpec["given"]> {
  const ends = [cert, key].map((ref) => [...textOf(app, [{ ref }]), "\n"]);
  const content = ends.flat();
  return { content, sha256: secrets.sha256(content) };
}

function authorityOf({ settings }: Documents): Authority {
  const { directory = letsEncrypt, email, challenge } = settings.certificates ?? {};
  return {
    directory,
    ...(email === undefined ? {} : { email }),
    ...(challenge === "dns" ? { dns: true } : {}),
  };
}
