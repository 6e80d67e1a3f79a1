import {
  certifiedBy,
  directoryIn,
  readCertificate,
  type Certificate,
} from "../../../lib/certificate.ts";
import { Unreadable } from "../../../model/live.ts";
import { proxyFolder } from "../../../model/paths.ts";
import type { RunQuery } from "../../../model/query.ts";
import { optional } from "../optional.ts";

/** What stands on a machine for one host: its file, and one that is prepared to take its place. */
export interface CertificateState {
  readonly host: string;
  /** Absent: there is only a prepared one. */
  readonly file?: CertificateFile;
  readonly prepared?: CertificateFile;
}

export interface CertificateFile {
  /** `0600 0:0` */
  readonly rights: string;
  /** Of the whole file, the key as well. */
  readonly sum: string;
  /** The directory of the authority that we had it from. */
  readonly from?: string;
  /** Absent: there is none in it that can be read. */
  readonly certificate?: Certificate;
}

/** Root's alone: HAProxy reads it before it drops its rights. */
export const certificateMode = "0600";
export const certificateRights = `${certificateMode} 0:0`;

/** HAProxy is told of one as a whole, and by rename it is there as a whole; what is to come stands where no proxy looks. */
const folders = { file: "certs", prepared: "certs.next" } as const;

type Place = keyof typeof folders;

/** A host's file, as the crt-list names it below `/etc/slipway/certs/`: `*.example.com` is `_.example.com.pem`. */
export const certificateFileName = (host: string): string => `${host.replace(/^\*/, "_")}.pem`;

export const certificateFolder = (root: string): string => `${proxyFolder(root)}/${folders.file}`;

export const certificatePath = (root: string, host: string, place: Place = "file"): string =>
  `${proxyFolder(root)}/${folders[place]}/${certificateFileName(host)}`;

/** The first certificate alone: a line of a key never leaves the machine, whatever the file looks like. */
const script = `
part() {
  inside=
  while IFS= read -r line; do
    case $line in
    '${certifiedBy}'*) [ -n "$inside" ] || printf '%s\\n' "$line" ;;
    '-----BEGIN CERTIFICATE-----'*) inside=1; printf '%s\\n' "$line" ;;
    '-----END CERTIFICATE-----'*) printf '%s\\n' "$line"; return ;;
    -----*) return ;;
    *) [ -z "$inside" ] || printf '%s\\n' "$line" ;;
    esac
  done
}
LC_ALL=C
export LC_ALL
for folder in ${Object.values(folders).join(" ")}; do
  for path in "$1/proxy/$folder"/*.pem; do
    name=\${path##*/}
    case $name in *[!a-z0-9._-]*) continue ;; esac
    if [ -h "$path" ] || [ ! -f "$path" ]; then continue; fi
    rights=$(stat -c '%a %u:%g' -- "$path") && sum=$(sha256sum <"$path") || exit 1
    printf 'at %s %s %s %s\\n' "$folder" "$name" "$rights" "\${sum%% *}"
    head -c 65536 -- "$path" | part || exit 1
  done
done
echo end
`;

export const certificatesQuery = (root: string): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", root],
  where: [proxyFolder(root)],
});

/** By host. Throws Unreadable for what is not whole. */
export function readCertificates(text: string | undefined): ReadonlyMap<string, CertificateState> {
  const lines = (text ?? "").trimEnd().split("\n");
  if (lines.pop() !== "end") throw new Unreadable("the listing of certificates has no end");
  const states = new Map<string, CertificateState>();
  for (const entry of entriesOf(lines)) {
    const found = states.get(entry.host) ?? { host: entry.host };
    states.set(entry.host, { ...found, [entry.place]: entry.file });
  }
  return states;
}

interface Entry {
  readonly host: string;
  readonly place: Place;
  readonly file: CertificateFile;
}

const head = /^at (certs|certs\.next) ([a-z0-9._-]+)\.pem ([0-7]{1,4}) (\d+:\d+) ([0-9a-f]{64})$/;

function entriesOf(lines: readonly string[]): readonly Entry[] {
  const starts = [...lines.keys()].filter((at) => lines[at]?.startsWith("at ") === true);
  if (lines.length > 0 && starts[0] !== 0)
    throw new Unreadable("the listing of certificates does not begin with one");
  return starts.map((at, index) => {
    const [, folder, name = "", mode = "", owner = "", sum] = head.exec(lines[at] ?? "") ?? [];
    if (sum === undefined) throw new Unreadable("a line of the listing of certificates is not one");
    const text = lines.slice(at + 1, starts[index + 1]);
    const rights = `${mode.padStart(4, "0")} ${owner}`;
    return {
      host: name.replace(/^_(?=\.)/, "*"),
      place: folder === folders.file ? "file" : "prepared",
      file: {
        rights,
        sum,
        ...optional("from", directoryIn(text.join("\n"))),
        ...optional("certificate", readCertificate(text.join("\n"))),
      },
    };
  });
}

/** Without what only Node.js can say: as it is shown. */
export const shownFile = (file: CertificateFile | undefined): string | undefined => {
  if (file === undefined) return undefined;
  const { certificate } = file;
  if (certificate === undefined) return "no certificate";
  if (certificate.isStandIn) return "a stand-in";
  return `from ${certificate.issuer}, until ${dayOf(certificate.notAfter)}`;
};

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
