import { insideProxy } from "../../../model/paths.ts";
import { certificateFileName } from "../certificate/files.ts";
import type { ProxySpec } from "./spec.ts";

/** As a running proxy knows its list of certificates. */
export const crtList = `${insideProxy.etc}/crt-list`;

/** Hosts that a proxy shows a certificate for, in order. */
export const certifiedHosts = ({ routes }: Pick<ProxySpec, "routes">): readonly string[] =>
  [...new Set(routes.filter(({ tls }) => tls === "on").map(({ host }) => host))].toSorted();

/** As the proxy names the certificate of a host. */
export const certificateInProxy = (host: string): string =>
  `${insideProxy.etc}/certs/${certificateFileName(host)}`;

/** Who asks for a host is shown its own certificate, whatever other names that has. */
export const renderCrtList = (hosts: readonly string[]): string =>
  hosts.map((host) => `${certificateInProxy(host)} ${host}\n`).join("");

/** `show ssl crt-list`: the files in it; none where the proxy has no such list. */
export const parseCrtList = (text: string): readonly string[] => [
  ...new Set(text.split("\n").flatMap((line) => /^(\/\S+\.pem)(?:\s|$)/.exec(line)?.[1] ?? [])),
];
