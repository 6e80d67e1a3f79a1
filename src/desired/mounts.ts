import type { AppFields } from "../generated/app.ts";
import { specDigest, type ContainerSpec, type FilesSpec, type Mount } from "../kinds/index.ts";
import { digestOf } from "../lib/hash.ts";
import { volumesOf } from "../lib/volumes.ts";
import type { AppDocument } from "../model/documents.ts";
import type { Placement } from "./container.ts";

export function mountsOf(app: AppDocument, fields: AppFields, at: Placement): readonly Mount[] {
  const volumes = volumesOf(fields.volumes).map((volume): Mount => {
    const { path: target, readOnly } = volume;
    if (volume.kind === "host") return { type: "bind", source: volume.source, target, readOnly };
    return {
      type: "volume",
      source: at.volumeName(volume),
      target,
      readOnly,
    };
  });
  const files =
    signalOf(fields, at) !== undefined ? [] : at.files.map((f) => fileMount(f, f.digest, at));
  const own = fields.extraHosts === undefined ? at.paths.hosts : `${at.paths.hosts}.${app.name}`;
  const names: Mount = { type: "bind", source: own, target: "/etc/hosts", readOnly: true };
  return inOrder([...volumes, ...files, names]);
}

/** Undefined where it is told nothing. */
export const signalOf = (
  { reload }: AppFields,
  { files, endsByItself }: Placement,
): string | undefined => (files.length > 0 && endsByItself !== true ? reload : undefined);

/**
 * What it is told to read anew stands in a folder of its own that is called by all else that it is made of: so only where
 * nothing else changes it is replaced under a container that runs, and never shared with the one before.
 */
export function withReload(spec: ContainerSpec, signal: string, at: Placement): ContainerSpec {
  const files = inOrder(at.files);
  const own = { spec: specDigest(spec), files: files.map((f) => [f.target, f.folder]) };
  const folder = `${digestOf(own)}.live`;
  const mounts = files.map((f, number) => fileMount(f, `${folder}/${number}`, at));
  return {
    ...spec,
    mounts: inOrder([...spec.mounts, ...mounts]),
    reload: { signal, folder, files },
  };
}

const fileMount = (
  { target }: FilesSpec,
  name: string,
  { paths }: Pick<Placement, "paths">,
): Mount => ({
  type: "bind",
  source: `${paths.files}/${name}`,
  target,
  readOnly: true,
});

const inOrder = <T extends { readonly target: string }>(items: readonly T[]): readonly T[] =>
  items.toSorted((a, b) => (a.target < b.target ? -1 : 1));
