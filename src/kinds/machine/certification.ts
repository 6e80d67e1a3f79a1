import { covers, isDue, isEnding } from "../../lib/certificate.ts";
import type { Difference } from "../../model/change.ts";
import type { Authority } from "../../model/issuer.ts";
import type { Kind } from "../kind.ts";
import {
  certificatePath,
  certificatesQuery,
  dayOf,
  readCertificates,
  shownFile,
  type CertificateFile,
  type CertificateState,
} from "../shared/certificate/files.ts";
import { answersOf, swapSteps } from "../shared/certificate/swap.ts";
import { difference } from "../shared/difference.ts";

/**
 * That a host's certificate is an authority's, and not about to end. It comes after the machine's proxy, which
 * answers the authority, and holds nothing up: until then another one stands in.
 */
export interface CertificationSpec {
  readonly host: string;
  readonly authority: Authority;
  /** Whose proxies answer to the host, sorted: the authority may ask any of them, and all of them get the same. */
  readonly machines: readonly string[];
}

/** For all of it: an authority asks from several places and may let wait, a name server even more. */
const certifyMs = { http: 120_000, dns: 15 * 60_000 };

export const certification: Kind<CertificationSpec, CertificateState> = {
  id: "machine/certification",
  summary: "That the certificate for a host is issued by an authority, and renewed before it ends.",
  declaredIn: [],
  name: ({ host }) => host,
  key: ({ host }) => host,
  needs: ({ host }) => [
    { kind: "machine/certificate", name: host },
    { kind: "machine/proxy", name: "" },
  ],
  observe: (about) => [certificatesQuery(about.root)],
  read: (answers, about) => readCertificates(answers.text(certificatesQuery(about.root))),
  // The file is the other kind's, and goes with it.
  owner: () => undefined,
  diff: (want, have, { clockMs }) =>
    want === undefined ? undefined : lacking(want, have?.file, clockMs),
  apply: ({ difference: { reason }, want, have }, { root, clockMs }) => {
    if (want === undefined) return [];
    const { host, authority, machines } = want;
    const path = certificatePath(root, host, "prepared");
    const isPrepared =
      have?.prepared !== undefined && lacking(want, have.prepared, clockMs) === undefined;
    return [
      ...(isPrepared
        ? []
        : [
            {
              do: "certify",
              by: "authority",
              hosts: [host],
              authority,
              machines,
              answers: answersOf(root),
              elsewhere: [path, certificatePath(root, host)],
              meanwhile: meanwhileOf(reason.code, have?.file),
              path,
              timeoutMs: authority.dns === undefined ? certifyMs.http : certifyMs.dns,
            } as const,
          ]),
      ...swapSteps(root, host),
    ];
  },
  redact: (state) => state,
};

function lacking(
  { host, authority: { directory } }: CertificationSpec,
  file: CertificateFile | undefined,
  now: number,
): Difference | undefined {
  const issuer = URL.parse(directory)?.host ?? directory;
  const found = file?.certificate;
  const shown = shownFile(file);
  const fields = [
    {
      path: "certificate",
      declared: `from ${issuer}`,
      ...(shown === undefined ? {} : { live: shown }),
    },
  ];
  if (found === undefined || !covers(found, host))
    return difference("create", "missing", `there is no certificate for ${host}`, fields);
  if (found.isStandIn) {
    const text = `a stand-in is shown for ${host} until ${issuer} has issued its certificate`;
    return difference("update", "stand-in", text, fields);
  }
  if (file?.from !== directory) {
    const text = `the certificate for ${host} is from elsewhere than ${issuer}`;
    return difference("update", "another-authority", text, fields);
  }
  if (now >= found.notAfter) {
    const text = `the certificate for ${host} ended on ${dayOf(found.notAfter)}`;
    return difference("update", "ended", text, fields);
  }
  if (!isDue(found, now)) return undefined;
  const code = isEnding(found, now) ? "ending" : "due";
  const text = `the certificate for ${host}, of ${dayOf(found.notBefore)}, ends on ${dayOf(found.notAfter)}`;
  return difference("update", code, text, fields);
}

const meanwhileOf = (code: string, file: CertificateFile | undefined): string => {
  const found = file?.certificate;
  if (found === undefined || found.isStandIn) return "a self-signed one stands in";
  if (code === "another-authority") return "the former one is shown until then";
  return `the present one ${code === "ended" ? "ended" : "ends"} on ${dayOf(found.notAfter)}`;
};
