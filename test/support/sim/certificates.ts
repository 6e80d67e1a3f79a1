import { selfSigned, selfSignedAs } from "../../../src/acme/x509.ts";
import { certifiedText } from "../../../src/lib/certificate.ts";
import type { CertifyStep } from "../../../src/model/certificate-step.ts";
import { sha256, type SimDisk } from "./disk.ts";

/** What `certify` writes, as of the time at which machines without a clock stand. */
export function certified(step: CertifyStep, now = 0): string {
  const { hosts } = step;
  const clock = { now: () => now };
  const isReal = step.by === "authority";
  const made = isReal ? selfSignedAs("Some CA", hosts, clock) : selfSigned(hosts, clock);
  const keyPem = made.keyPem.revealText() ?? "";
  return isReal
    ? certifiedText(step.authority.directory, made.certificatePem, keyPem)
    : `${made.certificatePem}${keyPem}`;
}

/** What the listing of certificates prints. */
export function listCertificates(disk: SimDisk, root: string): string {
  const lines = ["certs", "certs.next"].flatMap((folder) => {
    const top = `${root}/proxy/${folder}`;
    const files = disk.below(top).filter((path) => path.endsWith(".pem"));
    return files.flatMap((path) => {
      const { mode, owner } = disk.nodes.get(path)!;
      const text = disk.read(path) ?? "";
      const rights = `${mode.toString(8)} ${owner}`;
      const part = /^(# certified by .*\n)?-----BEGIN CERTIFICATE[^]*?-----END CERTIFICATE-----/;
      return [
        `at ${folder} ${path.slice(top.length + 1)} ${rights} ${sha256(text)}`,
        ...(part.exec(text)?.[0].split("\n") ?? []),
      ];
    });
  });
  return [...lines, "end", ""].join("\n");
}
