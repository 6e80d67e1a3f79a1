import { container } from "./app/container.ts";
import { files } from "./app/files.ts";
import { image } from "./app/image.ts";
import { job } from "./app/job.ts";
import { network } from "./app/network.ts";
import { once } from "./app/once.ts";
import { release } from "./app/release.ts";
import { volume } from "./app/volume.ts";
import type { AnyKind } from "./kind.ts";
import { certificate } from "./machine/certificate.ts";
import { certification } from "./machine/certification.ts";
import { machineFiles } from "./machine/files.ts";
import { mounts } from "./machine/mounts.ts";
import { reboot } from "./machine/reboot.ts";
import { packages } from "./machine/packages.ts";
import { engine } from "./machine/engine.ts";
import { proxy } from "./machine/proxy.ts";
import { firewall } from "./machine/firewall.ts";
import { names } from "./machine/names.ts";
import { updates } from "./machine/updates.ts";
import { swap } from "./machine/swap.ts";
import { timezone } from "./machine/timezone.ts";
import { sshd } from "./machine/sshd.ts";
import { sysctl } from "./machine/sysctl.ts";
import { users } from "./machine/users.ts";
import { wireguard } from "./machine/wireguard.ts";

export type {
  ContainerSpec,
  ContainerState,
  InstanceContainer,
  Mount,
  PortBinding,
} from "./app/container.ts";
export { versionFields, type FilesSpec, type FilesState } from "./app/files.ts";
export {
  publishedPorts,
  specDigest,
  type Fields,
  type PublishedPort,
} from "./shared/container/fields.ts";
export { handFields } from "./shared/container/hand.ts";
export { readLimits } from "./shared/container/limits.ts";
export { shown } from "./shared/sensitive.ts";
export {
  listAt,
  objectAt,
  optionalBoolean,
  optionalNumber,
  optionalString,
  stringMapAt,
  stringsAt,
} from "./shared/reader.ts";
export { isAdopted, recordOf } from "./app/container/adopted.ts";
export { isInService } from "./app/container/state.ts";
export { restartSteps } from "./app/container/steps.ts";
export type { ImageSpec, ImageState } from "./app/image.ts";
export type { SwapSpec, SwapState } from "./machine/swap.ts";
export { onceBody } from "./app/once/body.ts";
export type { JobContainer, JobSpec, JobState } from "./app/job.ts";
export { unitNames } from "./app/job/units.ts";
export type { NetworkState } from "./app/network.ts";
export type { ReleaseSpec, ReleaseState } from "./app/release.ts";
export type { Member, ProxyListen, ProxyPool, ProxyRoute, ProxySpec } from "./shared/proxy/spec.ts";
export { isAskedByPath, usualCheck } from "./shared/proxy/layout.ts";
export type { Proxied } from "./shared/container/spec.ts";
export type { VolumeState } from "./app/volume.ts";
export type { CertificateState } from "./shared/certificate/files.ts";
export type { CertificateSpec } from "./machine/certificate.ts";
export type { CertificationSpec } from "./machine/certification.ts";
export type { MountSpec } from "./machine/mounts.ts";
export type { FileSpec } from "./machine/files.ts";
export type { EngineSpec, EngineState } from "./machine/engine.ts";
export { asksEngine, lackQueries, lacksEngine } from "./shared/engine-there.ts";
export { unproven, type RebootSpec } from "./machine/reboot.ts";
export type { RebootState } from "./machine/reboot/query.ts";
export type { FirewallSpec } from "./machine/firewall.ts";
export { keysIn } from "./machine/wireguard/conf.ts";
export type { WireguardPeer, WireguardSpec, WireguardState } from "./machine/wireguard/state.ts";
export type { NamesSpec, NamesState } from "./machine/names.ts";
export type { ProxyState } from "./machine/proxy/state.ts";
export { handsOnTo } from "./machine/proxy/hands-on.ts";
export { addressText, splitAddress } from "./shared/proxy/naming.ts";

/** All kinds, in the order in which they are made. */
export const kinds: readonly AnyKind[] = [
  packages,
  machineFiles,
  sysctl,
  timezone,
  updates,
  swap,
  mounts,
  wireguard,
  engine,
  firewall,
  users,
  sshd,
  network,
  names,
  certificate,
  proxy,
  image,
  volume,
  files,
  release,
  container,
  job,
  once,
  certification,
  reboot,
];

/** Throws for an id that no kind has. */
export function kindOf(id: string): AnyKind {
  const kind = kinds.find((k) => k.id === id);
  if (kind === undefined) throw new Error(`there is no kind ${id}`);
  return kind;
}
