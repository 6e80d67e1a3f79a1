import { covers, isKeyOf, readCertificate } from "../lib/certificate.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import type { AppDocument } from "../model/documents.ts";
import type { Secret } from "../model/secret.ts";

/** Certificates of one's own that a proxy would refuse, or that no client would take: a proxy with one does not start. */
export const unfitCertificates = (
  { routes, secrets }: AppDocument,
  opened: ReadonlyMap<string, Secret>,
): readonly Diagnostic[] =>
  routes.flatMap(({ host, tls, where }) => {
    if (typeof tls !== "object") return [];
    const [cert, key] = [secrets.get(tls.cert), secrets.get(tls.key)];
    const [certPem, keyPem] = [cert, key].map((one) =>
      one === undefined ? undefined : opened.get(one.id),
    );
    if (cert === undefined || key === undefined) return [];
    if (certPem === undefined || keyPem === undefined) return [];
    const why = whyUnfit(certPem.revealText() ?? "", keyPem.revealText() ?? "", host);
    if (why === undefined) return [];
    const message = why(cert.name, key.name);
    return [{ severity: "error", code: "secret-no-certificate", where, message }];
  });

function whyUnfit(
  certPem: string,
  keyPem: string,
  host: string,
): ((cert: string, key: string) => string) | undefined {
  const found = readCertificate(certPem);
  if (found === undefined) return (cert) => `${cert} holds no certificate in PEM`;
  if (!isKeyOf(keyPem, certPem)) return (cert, key) => `${key} is not the key of ${cert}`;
  return covers(found, host) ? undefined : (cert) => `${cert} is for other hosts than ${host}`;
}
