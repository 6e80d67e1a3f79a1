/** One of an app's `secrets`, in one form. */
export interface SecretItem {
  /** In the container: the variable, or the file's name in /run/secrets. */
  readonly name: string;
  /** The reference as it is declared. */
  readonly ref: string;
  readonly as: "env" | "file";
  readonly mode?: string;
  readonly owner?: string;
  /** Where the reference stands, below `secrets`. */
  readonly path: readonly (string | number)[];
}

type DeclaredSecret =
  | string
  | {
      readonly secret: string;
      readonly as?: "env" | "file";
      readonly mode?: string;
      readonly owner?: string;
    };

export type DeclaredSecrets = readonly (string | { readonly [name: string]: DeclaredSecret })[];

/** All of an app's `secrets` in their order, each with its name: its key, unless another one is given. */
export function secretItemsOf(declared: DeclaredSecrets = []): readonly SecretItem[] {
  return declared.flatMap((item, i): readonly SecretItem[] => {
    if (typeof item === "string")
      return [{ name: item.slice(item.lastIndexOf(".") + 1), ref: item, as: "env", path: [i] }];
    return Object.entries(item).map(([name, value]): SecretItem => {
      if (typeof value === "string") return { name, ref: value, as: "env", path: [i, name] };
      const { secret: ref, as = "env", ...file } = value;
      return { name, ref, as, ...file, path: [i, name, "secret"] };
    });
  });
}

/** Where a secret that is a file is mounted. */
export const secretMountOf = (name: string): string => `/run/secrets/${name}`;

/** Whether a value in a file of values may be called so; for variables of the environment it is the same. */
export const isSecretKey = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_.-]{0,254}$/.test(text);

/** Whether a reference may be written so, as the schemas have it, whatever its length. */
export const isSecretReference = (text: string): boolean =>
  /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/.test(text);
