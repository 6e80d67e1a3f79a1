import { createPublicKey, randomBytes, sign, type KeyObject } from "node:crypto";
import { standInIssuer } from "../lib/certificate.ts";
import type { Clock } from "../lib/clock.ts";
import { Secret } from "../model/secret.ts";
import {
  bits,
  bool,
  explicit,
  implicit,
  integer,
  octets,
  oid,
  sequence,
  set,
  time,
  utf8,
  type Der,
} from "./der.ts";
import { newKey, pemOf } from "./jws.ts";

/** A certificate and its private key, both PEM. */
export interface KeyedCertificate {
  /** With what leads to its root, where there is more. */
  readonly certificatePem: string;
  readonly keyPem: Secret;
}

/** What asks an authority for a certificate (RFC 2986), DER. The hosts are all that it says: a name for people is of no use. */
export function requestFor(hosts: readonly string[], key: KeyObject): Der {
  const wanted = sequence(oid("1.2.840.113549.1.9.14"), set(sequence(alternativeNames(hosts))));
  return signedBy(
    key,
    sequence(integer(Buffer.of(0)), sequence(), publicOf(key), explicit(0, wanted)),
  );
}

const day = 24 * 60 * 60 * 1000;

/** Stands in until there is one that browsers trust; known again by its issuer. */
export const selfSigned = (hosts: readonly string[], clock: Pick<Clock, "now">): KeyedCertificate =>
  selfSignedAs(standInIssuer, hosts, clock);

export function selfSignedAs(
  issuer: string,
  hosts: readonly string[],
  { now }: Pick<Clock, "now">,
): KeyedCertificate {
  const key = newKey();
  const name = sequence(set(sequence(oid("2.5.4.3"), utf8(issuer))));
  const serial = Buffer.concat([Buffer.of(0x5e), randomBytes(15)]);
  const content = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(serial),
    ecdsaWithSha256(),
    name,
    // A machine whose clock is late takes it as well.
    sequence(time(now() - day), time(now() + 90 * day)),
    name,
    publicOf(key),
    explicit(3, sequence(notAnAuthority(), alternativeNames(hosts))),
  );
  const certificatePem = pem("CERTIFICATE", signedBy(key, content));
  return { certificatePem, keyPem: keyOf(hosts, key) };
}

export const keyOf = (hosts: readonly string[], key: KeyObject): Secret =>
  new Secret(`key of ${hosts[0] ?? "a certificate"}`, pemOf(key));

const ecdsaWithSha256 = (): Der => sequence(oid("1.2.840.10045.4.3.2"));

const publicOf = (key: KeyObject): Der =>
  createPublicKey(key).export({ type: "spki", format: "der" });

const alternativeNames = (hosts: readonly string[]): Der => {
  const names = hosts.map((host) => implicit(2, Buffer.from(host, "latin1")));
  return sequence(oid("2.5.29.17"), octets(sequence(...names)));
};

const notAnAuthority = (): Der => sequence(oid("2.5.29.19"), bool(true), octets(sequence()));

const signedBy = (key: KeyObject, content: Der): Der =>
  sequence(content, ecdsaWithSha256(), bits(sign("sha256", content, key)));

const pem = (label: string, der: Der): string => {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
};
