/** `NAME`, or `NAME=VERSION`: which package is to be there, and at which version. */
export function parsePackage(text: string): { readonly name: string; readonly version?: string } {
  const [name = "", version] = text.split("=");
  return { name, ...(version === undefined ? {} : { version }) };
}
