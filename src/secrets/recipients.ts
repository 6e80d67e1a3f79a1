import { Encrypter } from "age-encryption";
import type { Diagnostic } from "../model/diagnostic.ts";
import { keyFileLimit, recipientLimit } from "./limits.ts";
import { parseSshPublicKey, sshPublicKeyText, sshStanza } from "./ssh-ed25519.ts";

export type RecipientType = "x25519" | "hybrid" | "ssh-ed25519";

/** Somebody who can read what is sealed. */
export interface Recipient {
  readonly type: RecipientType;
  /** Without a comment: `age1…`, `age1pq1…`, `ssh-ed25519 AAAA…`. */
  readonly text: string;
  /** Who it is: the comment behind an SSH key, else the comment on the line above. */
  readonly comment?: string;
  /** From 1. */
  readonly line: number;
}

export interface Recipients {
  readonly recipients: readonly Recipient[];
  readonly findings: readonly Diagnostic[];
}

/**
 * Reads `.age-recipients`, as `age -R` does: one a line, `#` for comments. What is wrong is told by line and never
 * repeated: it may be a private key.
 */
export function parseRecipients(text: string, file = ".age-recipients"): Recipients {
  const findings: Diagnostic[] = [];
  const report = (code: string, line: number, message: string): void => {
    const severity = warnings.has(code) ? "warning" : "error";
    findings.push({ severity, code, where: { file, line, col: 1 }, message });
  };
  const recipients = new Map<string, Recipient>();
  const lines = text.length > keyFileLimit ? [] : text.split(/\r?\n/);
  let pem = false;
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const isInside = pem;
    if (/^-----(BEGIN|END) /.test(line)) pem = line.startsWith("-----BEGIN");
    if (isInside || line === "" || line.startsWith("#")) continue;
    const read = readRecipient(line);
    if ("problem" in read) {
      report(read.code, number, read.problem);
      continue;
    }
    const earlier = recipients.get(read.text);
    if (earlier === undefined) {
      const comment = read.comment ?? /^#+\s*(.*\S)/.exec(lines[index - 1] ?? "")?.[1];
      const { type, text } = read;
      recipients.set(text, { type, text, ...(comment ? { comment } : {}), line: number });
    } else {
      const message = `this recipient stands on line ${earlier.line} already`;
      report("recipient-duplicate", number, message);
    }
  }
  const list = [...recipients.values()];
  if (text.length > keyFileLimit || list.length > recipientLimit)
    report("recipients-too-many", 1, `more than ${recipientLimit} recipients`);
  else if (list.length === 0 && findings.length === 0)
    report("recipients-none", 1, "there is no recipient here, so nothing can be encrypted");
  const hybrid = list.find(({ type }) => type === "hybrid");
  const other = list.find(({ type }) => type !== "hybrid");
  if (hybrid !== undefined && other !== undefined)
    report(
      "recipients-mixed",
      other.line,
      `not post-quantum, as line ${hybrid.line} is: what is encrypted to both is as weak as the weaker, and age refuses such a list`,
    );
  return { recipients: list.slice(0, recipientLimit), findings };
}

const warnings: ReadonlySet<string> = new Set(["recipient-duplicate", "recipients-mixed"]);

interface Problem {
  readonly code: string;
  readonly problem: string;
}
type Read = Omit<Recipient, "line"> | Problem;

function readRecipient(line: string): Read {
  if (/AGE-SECRET-KEY|AGE-PLUGIN-|-----BEGIN/i.test(line))
    return {
      code: "recipient-is-identity",
      problem:
        "a private key stands here, where its recipient belongs; whoever can read the repo has it now, so make a new one",
    };
  if (line.trim() !== line) return damaged("blanks around it, which age refuses");
  if (line.startsWith("ssh-") || line.startsWith("ecdsa-") || line.startsWith("sk-"))
    return readSshKey(line);
  if (/^(age1[a-z]+1|github:)/.test(line) && !line.startsWith("age1pq1"))
    return unsupported("it needs a plugin or a service");
  if (line.startsWith("age1")) return readAgeKey(line);
  return damaged("it begins with neither age1 nor ssh-ed25519");
}

function readAgeKey(text: string): Read {
  if (/\s/.test(text))
    return damaged("something stands behind it; put comments on a line of their own");
  try {
    new Encrypter().addRecipient(text);
  } catch {
    return damaged("its checksum does not fit: a letter is wrong or missing");
  }
  return { type: text.startsWith("age1pq1") ? "hybrid" : "x25519", text };
}

function readSshKey(line: string): Read {
  const [type = "", base64 = "", ...comment] = line.split(" ");
  if (type !== sshStanza)
    return unsupported(`SSH keys of another type than ${sshStanza} are not supported`);
  const key = parseSshPublicKey(base64);
  if (key === undefined) return damaged("the key is incomplete or mistyped");
  const said = comment.join(" ").trim();
  return { type: sshStanza, text: sshPublicKeyText(key), ...(said ? { comment: said } : {}) };
}

const damaged = (why: string): Problem => ({
  code: "recipient-damaged",
  problem: `this is no recipient: ${why}`,
});
const unsupported = (why: string): Problem => ({
  code: "recipient-unsupported",
  problem: `this recipient cannot be used: ${why}`,
});
