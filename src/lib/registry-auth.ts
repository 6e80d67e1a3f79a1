/** The header by which the engine takes a login with a pull or a question. Whoever sees it has the password. */
export const registryAuthHeader = "X-Registry-Auth";

/**
 * What that header says, for a registry's host as image names have it. A line end after the password is none of it, as
 * with `docker login --password-stdin`; a password that is no text is one that the registry refuses.
 */
export function registryAuth(login: {
  readonly registry: string;
  readonly user: string;
  readonly password: Uint8Array;
}): string {
  const json = JSON.stringify({
    username: login.user,
    password: Buffer.from(login.password)
      .toString()
      .replace(/\r?\n$/, ""),
    serveraddress: serverAddress(login.registry),
  });
  // Not `base64url`: without `=` at the end engines drop the login, and do not say so.
  return Buffer.from(json).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

/** Engines know Docker's own registry by an address of old. */
const serverAddress = (registry: string): string =>
  registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
