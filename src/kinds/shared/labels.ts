import { servedLabel } from "../../model/served.ts";

/** What Slipway writes on the engine's things: whose they are, and what they were made from. */
export const label = {
  fleet: "slipway.fleet",
  app: "slipway.app",
  family: "slipway.family",
  instance: "slipway.instance",
  volume: "slipway.volume",
  /** The revision that made it; never compared. */
  revision: "slipway.revision",
  /** The image as its app file writes it; never compared. */
  image: "slipway.image",
  /** What the image meant; only in the record of a container that was taken over. */
  digest: "slipway.digest",
  /** Digest of the create-only fields and the image. */
  spec: "slipway.spec",
  /** How it serves its ports, as JSON. */
  served: servedLabel,
  /** How long its connections may go on when it is to leave, in ms: requests and streams; never compared. */
  drain: "slipway.drain",
  /** Which fields were declared, as a JSON list of paths: what else is live came with the image or the engine. */
  declared: "slipway.declared",
  /** Variables that hold secrets, as JSON: name → fingerprint under the machine's key. */
  secrets: "slipway.secrets",
  /** Digest of a release: its container is no instance. */
  release: "slipway.release",
  /** The job that it runs: no instance either. */
  job: "slipway.job",
  /** How long a job may take, in ms; never compared. */
  deadline: "slipway.deadline",
  /** The machine's proxy: no instance either. */
  proxy: "slipway.proxy",
  /** Made for one command of a person: no instance either. */
  once: "slipway.once",
} as const;

/** Labels without the members that are undefined. */
export function labels(
  members: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const known = Object.entries(members).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(known);
}
