import { covers } from "../../lib/certificate.ts";
import type { Field } from "../../model/change.ts";
import type { SealedText } from "../../model/sealed.ts";
import type { Step } from "../../model/step.ts";
import type { Kind } from "../kind.ts";
import {
  certificateFolder,
  certificateMode,
  certificatePath,
  certificateRights,
  certificatesQuery,
  readCertificates,
  shownFile,
  type CertificateFile,
  type CertificateState,
} from "../shared/certificate/files.ts";
import { swapSteps } from "../shared/certificate/swap.ts";
import { difference } from "../shared/difference.ts";

/**
 * What a machine's proxy shows for a host. It is there before the proxy: one that stands in, made at once, which
 * `machine/certification` then has replaced by an authority's; or one that was given.
 */
export interface CertificateSpec {
  readonly host: string;
  readonly given?: GivenCertificate;
}

/** Out of the repo's secrets: the certificate, what leads to its root, and its key. */
export interface GivenCertificate {
  readonly content: SealedText;
  /** Empty where nobody opened it: then it is not known whether it is there. */
  readonly sha256: string;
}

export const certificate: Kind<CertificateSpec, CertificateState> = {
  id: "machine/certificate",
  summary: "What a machine's proxy shows for a host: a certificate and its key.",
  declaredIn: [],
  name: ({ host }) => host,
  key: ({ host }) => host,
  observe: (about) => [certificatesQuery(about.root)],
  read: (answers, about) => readCertificates(answers.text(certificatesQuery(about.root))),
  owner: ({ host }) => ({ name: host }),
  diff: (want, have) => {
    if (want === undefined)
      return have === undefined
        ? undefined
        : difference(
            "delete",
            "undeclared",
            `no route has the host ${have.host}: its certificate goes, with its key`,
          );
    const { host, given } = want;
    const file = have?.file;
    if (file === undefined)
      return difference("create", "missing", `there is no certificate for ${host}`);
    if (given !== undefined && given.sha256 !== "" && given.sha256 !== file.sum)
      return difference("update", "given-changed", `the certificate given for ${host} is another`, [
        field("the given one", file),
      ]);
    if (given === undefined && !isUsable(file, host))
      return difference("update", "unusable", `what is there is no certificate for ${host}`, [
        field("a stand-in", file),
      ]);
    return file.rights === certificateRights
      ? undefined
      : difference("update", "edited", `the key of ${host} has other rights`, [
          { path: "rights", declared: certificateRights, live: file.rights },
        ]);
  },
  apply: ({ difference: { reason }, want, have }, { root }) => {
    if (want === undefined) return have === undefined ? [] : removed(root, have);
    return reason.code === "edited" ? keepRights(root, want.host) : put(root, want, have);
  },
  redact: (state) => state,
};

const field = (declared: string, file: CertificateFile): Field => ({
  path: "certificate",
  declared,
  live: shownFile(file) ?? null,
});

/** HAProxy would not start with what is none. */
const isUsable = ({ certificate }: CertificateFile, host: string): boolean =>
  certificate !== undefined && covers(certificate, host);

function put(
  root: string,
  { host, given }: CertificateSpec,
  have: CertificateState | undefined,
): readonly Step[] {
  if (given === undefined) {
    const path = certificatePath(root, host);
    return [{ do: "certify", by: "stand-in", hosts: [host], path, timeoutMs: 10_000 }];
  }
  const content = { sealed: given.content };
  const prepared = certificatePath(root, host, "prepared");
  return [
    ...(have?.file === undefined ? [folder(root)] : []),
    { do: "put", path: prepared, content, mode: certificateMode },
    ...swapSteps(root, host),
  ];
}

const folder = (root: string): Step => ({
  do: "run",
  argv: ["mkdir", "-p", "-m", "0700", "--", certificateFolder(root)],
  timeoutMs: 10_000,
});

const keepRights = (root: string, host: string): readonly Step[] =>
  [
    ["chown", "0:0"],
    ["chmod", certificateMode],
  ].map((words) => ({
    do: "run",
    argv: [...words, "--", certificatePath(root, host)],
    timeoutMs: 10_000,
  }));

const removed = (root: string, { host, file, prepared }: CertificateState): readonly Step[] => [
  ...(file === undefined ? [] : [remove(certificatePath(root, host))]),
  ...(prepared === undefined ? [] : [remove(certificatePath(root, host, "prepared"))]),
];

const remove = (path: string): Step => ({ do: "remove", path });
