import type { AppFields } from "../generated/app.ts";
import { PublishError, readPublish, type PortRange } from "../lib/publish.ts";
import { portsOf, protocolOf, saidOf, type Port, type Protocol } from "./ports.ts";

/** A number under which the fleet reaches a port of an app, by the proxies of its machines. */
export interface Listen {
  readonly port: Port;
  readonly number: number;
  readonly protocol: Protocol;
  readonly declared: boolean;
  /** Keys of where it was said; the port's own where it was not. */
  readonly path: readonly string[];
}

/** What a proxy with routes answers on, on all addresses of its machine. */
export const routePorts = [80, 443] as const;

/** Whether an app asks for the proxy: where one does, the machines of the whole fleet have it with all that it does. */
export const wantsProxy = ({ routes = [], listen, protocol }: AppFields): boolean =>
  routes.length > 0 || protocol !== undefined || hasNumber(listen);

export const hasNumber = (listen: AppFields["listen"]): boolean =>
  typeof listen === "object"
    ? Object.values(listen).some((one) => typeof one === "number")
    : typeof listen === "number";

/** What an app asks for, or would have if it is free. */
export function listensOf(fields: AppFields): readonly Listen[] {
  if (fields.network === "host" || fields.instances === 0) return [];
  return portsOf(fields).flatMap((port) => {
    const said = saidOf(fields, fields.listen, port);
    const declared = said !== undefined;
    const number = declared ? said.value : isPublished(fields, port.number) ? "off" : port.number;
    if (typeof number !== "number") return [];
    const own = port.name === undefined ? ["port"] : ["port", port.name];
    const path = declared ? ["listen", ...said.path] : own;
    return [{ port, number, protocol: protocolOf(fields, port), declared, path }];
  });
}

/** A `publish` of a port stands for its number. */
export const isPublished = (fields: AppFields, port: number): boolean =>
  published(fields).some(({ container: [from, to] }) => from <= port && port <= to);

const published = ({
  publish = [],
}: AppFields): readonly { readonly host: PortRange; readonly container: PortRange }[] =>
  publish.flatMap((text) => {
    const read = readPublish(text);
    return read instanceof PublishError || read.protocol === "udp" ? [] : [read];
  });

/** An app with what it is on a machine. */
export interface AppThere {
  readonly name: string;
  readonly fields: AppFields;
}

/** What else there is on a machine. */
export interface Surroundings {
  /** Whether routes stand there. */
  readonly routed: boolean;
  readonly sshd?: number;
}

/**
 * Under which numbers the fleet reaches the apps of a machine, by app. What was not asked for gives way to all else that
 * has its number, so that apps with equal ports run beside each other as they do without a proxy; http can share one.
 */
export function listensAt(
  apps: readonly AppThere[],
  { routed, sshd }: Surroundings,
): ReadonlyMap<string, readonly Listen[]> {
  const wishes = apps.map(({ name, fields }) => [name, listensOf(fields)] as const);
  const held = heldBy(apps);
  if (sshd !== undefined) held.add(sshd);
  if (routed) for (const port of routePorts) held.add(port);
  const all = wishes.flatMap(([app, listens]) => listens.map((listen) => ({ app, listen })));
  const standing = new Set(
    [...Map.groupBy(all, ({ listen }) => listen.number)].flatMap(([number, wanting]) =>
      who(wanting, held.has(number)).map(({ listen }) => listen),
    ),
  );
  return new Map(wishes.map(([app, listens]) => [app, listens.filter((one) => standing.has(one))]));
}

interface Wish {
  readonly app: string;
  readonly listen: Listen;
}

/** Of those who wish for one number: who asked for it, and besides them what is http if nothing else is there. */
function who(wishes: readonly Wish[], held: boolean): readonly Wish[] {
  const asked = wishes.filter(({ listen }) => listen.declared);
  const others = wishes.filter(({ listen }) => !listen.declared);
  if (held || asked.some(({ listen }) => listen.protocol === "tcp")) return asked;
  const http = others.filter(({ listen }) => listen.protocol === "http");
  if (asked.length + http.length === 0) return others.length === 1 ? others : [];
  // An app has one name, which tells no two ports of it apart.
  const apps = new Set(asked.map(({ app }) => app));
  return [...asked, ...new Map(http.map((wish) => [wish.app, wish])).values()].filter(
    (wish) => wish.listen.declared || !apps.has(wish.app),
  );
}

/** Whether an app asks for a number that others on its machine have, and do not give way with. */
export function collides(fields: AppFields, others: readonly AppFields[]): boolean {
  const asks = listensOf(fields).filter(({ declared }) => declared);
  const held = heldBy(others.map((other) => ({ name: "", fields: other })));
  const asked = others.flatMap(listensOf).filter(({ declared }) => declared);
  return asks.some(
    ({ number, protocol }) =>
      held.has(number) ||
      asked.some((o) => o.number === number && (o.protocol === "tcp" || protocol === "tcp")),
  );
}

/** The ports of the machine that its apps have for themselves. */
function heldBy(apps: readonly AppThere[]): Set<number> {
  const held = new Set<number>();
  const ranges = apps
    .flatMap(({ fields }): readonly PortRange[] => {
      if (fields.instances === 0) return [];
      if (fields.network !== "host") return published(fields).map(({ host }) => host);
      return portsOf(fields).map(({ number }) => [number, number]);
    })
    .toSorted(([a], [b]) => a - b);
  let next = 0;
  for (const [from, to] of ranges)
    for (next = Math.max(next, from); next <= to; next++) held.add(next);
  return held;
}
