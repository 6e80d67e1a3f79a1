import { listed } from "../../lib/text.ts";
import type { Difference, Field } from "../../model/change.ts";
import type { Kind } from "../kind.ts";
import { difference } from "../shared/difference.ts";
import { containersQuery, imagesQuery } from "../shared/engine.ts";
import type { ProxySpec } from "../shared/proxy/spec.ts";
import { proxyFields, proxyText } from "./proxy/differences.ts";
import { newHosts, runtimeCommands } from "./proxy/runtime.ts";
import {
  filesQuery,
  layoutQuery,
  readProxy,
  runtimeQuery,
  type ProxyContainer,
  type ProxyState,
} from "./proxy/state.ts";
import { isLeaving, isToLeave } from "./proxy/leaving.ts";
import { proxySteps, removalSteps } from "./proxy/steps.ts";
import { wantedOf, type Wanted } from "./proxy/wanted.ts";

export const proxy: Kind<ProxySpec, ProxyState> = {
  id: "machine/proxy",
  summary: "The proxy of a machine: what its routes and listen ports lead to.",
  declaredIn: ["/apps/routes", "/apps/listen", "/apps/protocol"],
  name: () => "",
  key: () => "",
  observe: ({ root }) => [
    containersQuery,
    imagesQuery,
    filesQuery(root),
    layoutQuery(root),
    runtimeQuery(root),
  ],
  read: readProxy,
  owner: () => ({ name: "" }),
  diff: (want, have) => {
    if (want === undefined)
      return have === undefined
        ? undefined
        : difference("delete", "undeclared", "nothing on this machine is reached through it");
    return differs(want, wantedOf(want, have), have);
  },
  apply: ({ want, have }, facts) =>
    want === undefined
      ? have === undefined
        ? []
        : removalSteps(have, facts.root)
      : proxySteps(want, wantedOf(want, have), have, facts),
  redact: ({ runtime, ...state }) => ({ ...state, isRunning: runtime !== undefined }),
};

const nameOf = ({ name }: ProxyContainer): string => name;

function differs(
  want: ProxySpec,
  wanted: Wanted,
  have: ProxyState | undefined,
): Difference | undefined {
  const right = have?.containers.find((c) => c.spec === wanted.containerSpec && !isLeaving(c));
  const serving = have?.containers.findLast((c) => c.running && !isLeaving(c));
  if (right === undefined) {
    const image: Field = { path: "image", declared: want.image };
    if (serving === undefined)
      return difference("create", "missing", "no proxy runs on this machine", [image]);
    if (serving.reference === want.reference)
      return difference(
        "replace",
        "layout-changed",
        "what it binds or has room for is more than before",
      );
    return serving.image === want.image
      ? difference("replace", "image-changed", `${want.image} is another image in this fleet`, [
          { path: "image", declared: want.reference, live: serving.reference },
        ])
      : difference("replace", "image-changed", `${want.image} instead of ${serving.image}`, [
          { ...image, live: serving.image },
        ]);
  }
  if (!right.running)
    return difference("update", "stopped", `${right.name} does not run`, [
      { path: "state", declared: "running", live: "stopped" },
    ]);
  const called = have?.meaning?.text;
  if (called !== undefined && called !== want.image && wanted.changed.join() === "layout.json")
    return difference("update", "renamed", `its image is called ${want.image} now`, [
      { path: "image", declared: want.image, live: called },
    ]);
  if (wanted.changed.length > 0)
    return difference(
      "update",
      "files-changed",
      proxyText(wanted, have),
      proxyFields(wanted, have),
    );
  const others = (have?.containers ?? []).filter((c) => c !== right);
  const kept = others.filter(isToLeave);
  if (kept.length > 0)
    return difference("update", "leftover", `${listed(kept.map(nameOf))} has not been let go`);
  if (have?.runtime === undefined)
    return difference("update", "silent", `${right.name} does not answer`);
  const differences =
    runtimeCommands(wanted, have.runtime).length + newHosts(wanted, have.runtime).length;
  if (differences > 0)
    return difference("update", "moved", "it does not do what its files say", [
      { path: "runtime", declared: "as in its files", live: `${differences} differences` },
    ]);
  const ended = others.filter((c) => !c.running);
  return ended.length === 0
    ? undefined
    : difference("update", "ended", `${listed(ended.map(nameOf))} has ended, and goes`);
}
