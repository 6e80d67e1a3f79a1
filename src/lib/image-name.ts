const defaultRegistry = "docker.io";

/**
 * The registry's host of an image's name, in lower case: `ghcr.io`, `localhost:5000`. By Docker's rules the first part
 * is one when it has a dot, a colon or a capital letter or is `localhost`; all else is on `docker.io`.
 */
export const registryOf = (image: string): string =>
  registryNamed(hostIn(image) ?? defaultRegistry);

/** The one name of a registry whose host may be written in several ways. */
export function registryNamed(host: string): string {
  const name = host.toLowerCase();
  return name === "index.docker.io" ? defaultRegistry : name;
}

/** The name without tag and digest: a colon after the last slash starts the tag, one before it a port. */
export function repositoryOf(image: string): string {
  const name = image.split("@", 1)[0] ?? image;
  const tag = name.lastIndexOf(":");
  return tag > name.lastIndexOf("/") ? name.slice(0, tag) : name;
}

/** As the engine lists it: without the default registry, and with a digest without the tag. An id stays as it is. */
export function familiarName(image: string): string {
  const host = hostIn(image);
  const path = host === undefined ? image : image.slice(host.length + 1);
  const name =
    registryOf(image) === defaultRegistry ? path.replace(/^library\/(?!.*\/)/, "") : image;
  const digest = name.indexOf("@");
  return digest < 0 ? name : repositoryOf(name) + name.slice(digest);
}

function hostIn(image: string): string | undefined {
  const slash = image.indexOf("/");
  const first = image.slice(0, Math.max(0, slash));
  return /[.:\p{Lu}]/u.test(first) || first === "localhost" ? first : undefined;
}
