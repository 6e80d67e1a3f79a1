/** Where a repository is, as it may be shown and stored: no user, no password, no query. A path stays as it is. */
export function withoutCredentials(repo: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(repo);
  if (scheme === null) return isScpLike(repo) ? repo.replace(/^[^/@:]+@/, "") : repo;
  const url = URL.parse(repo);
  // What cannot be taken apart may hold a password anywhere before an `@`.
  if (url === null)
    return `${scheme[1]}${(scheme[2] ?? "").replace(/^.*@/s, "").replace(/[?#].*$/s, "")}`;
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  return url.href.replace(/\/+$/, "");
}

/** `git@host:path`, as ssh users write it. */
export const isScpLike = (repo: string): boolean => /^[^/@:]+@[^/@:]+:/.test(repo);
