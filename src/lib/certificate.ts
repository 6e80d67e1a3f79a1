import { createPrivateKey, X509Certificate } from "node:crypto";
import { printableLine } from "./text.ts";

/** Who certifies what only stands in until an authority's certificate is there. */
export const standInIssuer = "Slipway stand-in";

export interface Certificate {
  /** Lower case, in its own order. */
  readonly hosts: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Its name, or its organisation, or all that it says. */
  readonly issuer: string;
  readonly isStandIn: boolean;
  /** Of the certificate alone, hex. */
  readonly sha256: string;
  /** By this HAProxy says which one it shows. */
  readonly sha1: string;
}

const maxLength = 64 * 1024;

/** The first certificate of a PEM text; undefined where there is none that can be read. */
export function readCertificate(pem: string): Certificate | undefined {
  if (pem.length > maxLength) return undefined;
  const found = parsed(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0]);
  if (found === undefined) return undefined;
  const issuer = nameOf(found.issuer);
  return {
    hosts: hostsOf(found.subjectAltName ?? ""),
    notBefore: found.validFromDate.getTime(),
    notAfter: found.validToDate.getTime(),
    issuer,
    isStandIn: issuer === standInIssuer && found.issuer === found.subject,
    sha256: hexOf(found.fingerprint256),
    sha1: hexOf(found.fingerprint),
  };
}

/** Whether it is time for the next one: two thirds of its life are over. */
export const isDue = (
  { notBefore, notAfter }: Pick<Certificate, "notBefore" | "notAfter">,
  now: number,
): boolean => now >= notBefore + ((notAfter - notBefore) * 2) / 3;

const threeDaysMs = 3 * 24 * 60 * 60 * 1000;

/** Whether so little of it is left that somebody has to see to it: three days, or a sixth of a short life. */
export const isEnding = (
  { notBefore, notAfter }: Pick<Certificate, "notBefore" | "notAfter">,
  now: number,
): boolean => now >= notAfter - Math.min(threeDaysMs, (notAfter - notBefore) / 6);

/** Whether one of its names is the host, or a wildcard for it: `*` is one label and no more. */
export const covers = ({ hosts }: Pick<Certificate, "hosts">, host: string): boolean =>
  hosts.includes(host) || hosts.includes(host.replace(/^[^.]+/, "*"));

function parsed(pem: string | undefined): X509Certificate | undefined {
  try {
    return pem === undefined ? undefined : new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Whether a key in PEM is the first certificate's. */
export function isKeyOf(keyPem: string, certificatePem: string): boolean {
  try {
    return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

const hexOf = (fingerprint: string): string => fingerprint.replaceAll(":", "").toLowerCase();

/** Node.js writes `DNS:a.example, IP Address:…`, and in quotes what would read as more than one. */
const hostsOf = (alternatives: string): readonly string[] =>
  alternatives
    .split(", ")
    .flatMap((one) => (/^DNS:[^"\s]+$/.test(one) ? [one.slice(4).toLowerCase()] : []));

/** Node.js writes a name as lines: `O=Let's Encrypt`, `CN=R11`. */
function nameOf(lines: string | undefined): string {
  const parts = (lines ?? "").split("\n");
  const find = (key: string): string | undefined =>
    parts.find((part) => part.startsWith(`${key}=`))?.slice(key.length + 1);
  return printableLine(find("CN") ?? find("O") ?? parts.join(", ")).slice(0, 100);
}

/** Stands above a certificate that an authority issued, before the address of its directory. */
export const certifiedBy = "# certified by ";

/** The whole file of one, its key as well. */
export const certifiedText = (directory: string, certificatePem: string, keyPem: string): string =>
  `${certifiedBy}${directory}\n${certificatePem.trim()}\n${keyPem.trim()}\n`;

/** The directory of the authority that such a file is from. */
export const directoryIn = (text: string): string | undefined =>
  text.startsWith(certifiedBy)
    ? text.slice(certifiedBy.length, text.indexOf("\n")).trim()
    : undefined;
