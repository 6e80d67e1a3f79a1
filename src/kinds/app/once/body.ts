import type { Json } from "../../../lib/json.ts";
import { labelOf } from "../../shared/container/live.ts";
import { label, labels } from "../../shared/labels.ts";
import { optional } from "../../shared/optional.ts";
import {
  objectAt,
  optionalNumber,
  optionalString,
  stringAt,
  stringsAt,
} from "../../shared/reader.ts";

/** One command in a container of its own. */
export interface OnceMaking {
  readonly fleet: string;
  readonly argv: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface OnceBody {
  /** Of the engine's container create request. */
  readonly body: Json;
  /** Networks to connect it to before it starts, besides the one that it is made on. */
  readonly networks: readonly string[];
}

/**
 * A container like that of an instance, made from what the engine says of it: so it has what runs now, whatever the repo
 * says by now. It holds no port, answers to no name of the app's, and goes when it ends.
 */
export function onceBody(instance: Json, { fleet, argv, stdin, tty }: OnceMaking): OnceBody {
  const main = stringAt(instance, "HostConfig", "NetworkMode");
  const attached = Object.keys(objectAt(instance, "NetworkSettings", "Networks"));
  const isBridged = attached.includes(main) && main !== "host";
  const own = (name: string): string | undefined => labelOf(instance, name);
  return {
    body: {
      Image: stringAt(instance, "Config", "Image"),
      Cmd: argv,
      Env: stringsAt(instance, "Config", "Env"),
      ...optional("Entrypoint", listOrNothing(stringsAt(instance, "Config", "Entrypoint"))),
      ...optional("User", optionalString(instance, "Config", "User")),
      ...optional("WorkingDir", optionalString(instance, "Config", "WorkingDir")),
      ...optional("StopSignal", optionalString(instance, "Config", "StopSignal")),
      ...optional("StopTimeout", optionalNumber(instance, "Config", "StopTimeout")),
      Healthcheck: { Test: ["NONE"] },
      // Without those of its own: what they do for the app, they would do for this one too.
      Labels: labels({
        [label.fleet]: fleet,
        [label.app]: own(label.app),
        [label.family]: own(label.family),
        [label.revision]: own(label.revision),
        [label.image]: own(label.image),
        [label.once]: "true",
      }),
      Tty: tty,
      OpenStdin: stdin || tty,
      StdinOnce: stdin || tty,
      AttachStdin: stdin || tty,
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: {
        ...objectAt(instance, "HostConfig"),
        PortBindings: {},
        PublishAllPorts: false,
        RestartPolicy: { Name: "no" },
        AutoRemove: true,
        // It is read as it comes; nothing of it stays.
        LogConfig: { Type: "none", Config: {} },
        ContainerIDFile: "",
      },
      ...(isBridged ? { NetworkingConfig: { EndpointsConfig: { [main]: {} } } } : {}),
    },
    networks: isBridged ? attached.filter((name) => name !== main) : [],
  };
}

const listOrNothing = (list: readonly string[]): readonly string[] | undefined =>
  list.length === 0 ? undefined : list;
