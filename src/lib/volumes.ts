/** A volume as declared, in one form. */
export interface Volume {
  /** The volume's name in its app, or an absolute path on the machine. */
  readonly source: string;
  readonly kind: "named" | "host";
  readonly path: string;
  readonly readOnly: boolean;
  /** The engine volume's exact name, where it is declared. */
  readonly name?: string;
}

export type DeclaredVolumes =
  | readonly string[]
  | {
      readonly [source: string]:
        | string
        | { readonly path: string; readonly readOnly?: boolean; readonly name?: string };
    };

/** All volumes of an app, whichever form they were written in, in their order. */
export function volumesOf(declared: DeclaredVolumes | undefined): readonly Volume[] {
  if (declared === undefined) return [];
  if (isList(declared)) return declared.map(fromText);
  return Object.entries(declared).map(([source, value]) => {
    if (typeof value === "string")
      return { source, kind: kindOf(source), path: value, readOnly: false };
    const { path, readOnly = false, name } = value;
    return {
      source,
      kind: kindOf(source),
      path,
      readOnly,
      ...(name === undefined ? {} : { name }),
    };
  });
}

const isList = (declared: DeclaredVolumes): declared is readonly string[] =>
  Array.isArray(declared);

const kindOf = (source: string): Volume["kind"] => (source.startsWith("/") ? "host" : "named");

function fromText(text: string): Volume {
  const [source = "", path = "", mode] = text.split(":");
  return { source, kind: kindOf(source), path, readOnly: mode === "ro" };
}

/** The engine's name for a named volume of an app file. */
export const engineVolumeName = (family: string, volume: Volume): string =>
  volume.name ?? `${family}_${volume.source}`;

/** Named ports in their order; a single port has no name. */
export function portsOf(
  port: number | Readonly<Record<string, number>> | undefined,
): readonly { readonly name?: string; readonly number: number }[] {
  if (port === undefined) return [];
  if (typeof port === "number") return [{ number: port }];
  return Object.entries(port).map(([name, number]) => ({ name, number }));
}
