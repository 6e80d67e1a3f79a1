import { familiarName } from "../../lib/image-name.ts";
import type { PullLogin } from "../../model/registry.ts";
import { optional } from "../shared/optional.ts";
import { listAt, optionalNumber, stringAt, stringsAt } from "../shared/reader.ts";
import { difference } from "../shared/difference.ts";
import { imagesQuery } from "../shared/engine.ts";
import type { Kind } from "../kind.ts";

/** An image that must be present, by the digest its text resolved to. */
export interface ImageSpec {
  readonly app: string;
  readonly family: string;
  /** As declared: `registry.example.com/shop:1.4.2`. */
  readonly text: string;
  /** `name@sha256:…`, or `sha256:…` for an image that is only local. */
  readonly reference: string;
  /** For pulling it; another one changes nothing that is there. */
  readonly login?: PullLogin;
}

export interface ImageState {
  readonly id: string;
  /** `name@sha256:…`, as the engine writes them. */
  readonly digests: readonly string[];
  readonly tags: readonly string[];
  /** Unpacked, with the layers that it shares with others; absent where the engine does not say. */
  readonly bytes?: number;
}

const pullMs = 15 * 60_000;

export const image: Kind<ImageSpec, ImageState> = {
  id: "app/image",
  summary: "An image that is present on a machine, by digest.",
  declaredIn: ["/apps/image"],
  name: () => "",
  key: (spec) => familiarName(spec.reference),
  observe: () => [imagesQuery],
  read: (answers) => {
    const images = new Map<string, ImageState>();
    for (const item of listAt(answers.json(imagesQuery))) {
      const digests = stringsAt(item, "RepoDigests").filter((d) => !d.startsWith("<none>"));
      const tags = stringsAt(item, "RepoTags").filter((t) => !t.startsWith("<none>"));
      const bytes = optionalNumber(item, "Size");
      const state = { id: stringAt(item, "Id"), digests, tags, ...optional("bytes", bytes) };
      for (const key of [state.id, ...digests.map(familiarName)]) images.set(key, state);
    }
    return images;
  },
  // Others may use it as well: images are never removed.
  owner: () => undefined,
  diff: (want, have) =>
    want === undefined || have !== undefined
      ? undefined
      : difference("create", "missing", `${want.text} is not on this machine`, [
          { path: "image", declared: want.reference },
        ]),
  apply: ({ want }) => {
    if (want === undefined) return [];
    const { reference, login } = want;
    const pull = { do: "pull", image: reference, timeoutMs: pullMs } as const;
    return [login === undefined ? pull : { ...pull, login }];
  },
  redact: (state) => state,
};
